import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type BigQueryApi, type BigQuerySettings, connectBigQuery } from './api.ts';

interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}
type Answer = readonly [status: number, body: unknown];

const settings: BigQuerySettings = { project: 'fernhill', dataset: 'touchtrail', location: 'EU', maximumBytesBilled: 1000 };

/** BigQuery at the other end of a socket, as its reference describes it: what the client library makes of our requests. */
let server: Server;
let seen: Seen[];
let answers: (request: Seen) => Answer;
beforeEach(async () => {
  seen = [];
  answers = () => [404, {}];
  server = createServer((request, response) => {
    void textOf(request).then((body) => {
      const one = { method: request.method!, url: new URL(request.url!, 'http://localhost'), body };
      seen.push(one);
      const [status, answer] = one.url.pathname.endsWith('/datasets/touchtrail') ? ([200, { location: 'EU' }] as const) : answers(one);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('BIGQUERY_EMULATOR_HOST', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const refusal = (code: number, reason: string, message: string): Answer => [
  code,
  { error: { code, message, errors: [{ reason, message }] } },
];

async function jobs(): Promise<{ api: BigQueryApi; sent: () => Seen[] }> {
  const api = await connectBigQuery(settings);
  seen.length = 0;
  return { api, sent: () => seen };
}

test('a query is a labelled job with an id of ours; its rows come page by page, times as microseconds', async () => {
  const { api } = await jobs();
  const fields = [{ name: 'at', type: 'TIMESTAMP' }];
  answers = ({ method, url }) => {
    if (method === 'POST') return [200, { status: { state: 'RUNNING' } }];
    if (url.pathname.includes('/queries/')) {
      return url.searchParams.get('pageToken') === null
        ? [200, { jobComplete: true, schema: { fields }, rows: [{ f: [{ v: '1' }] }], pageToken: 'more' }]
        : [200, { jobComplete: true, schema: { fields }, rows: [{ f: [{ v: '2' }] }] }];
    }
    const statistics = { query: { totalBytesProcessed: '700', totalBytesBilled: '10485760', dmlStats: { updatedRowCount: '3' } } };
    return [200, { status: { state: 'DONE' }, statistics }];
  };
  const finished = await api.runQuery({
    query: 'select at from x',
    queryParameters: [{ name: 'p1', parameterType: { type: 'STRING' }, parameterValue: { value: 'a' } }],
    labels: { touchtrail: 'x', touchtrail_step: 'events' },
  });
  const pages = [];
  for await (const page of finished.pages()) pages.push(page);
  expect(finished).toMatchObject({ bytes: 700, billedBytes: 10_485_760, inserted: 0, updated: 3, deleted: 0 });
  expect(pages).toEqual([
    { fields, rows: [{ f: [{ v: '1' }] }] },
    { fields, rows: [{ f: [{ v: '2' }] }] },
  ]);

  const [insert, poll, first, second] = seen;
  expect(insert!.url.pathname).toMatch(/\/projects\/fernhill\/jobs$/);
  const body = JSON.parse(insert!.body) as { jobReference: { jobId: string } };
  expect(body).toMatchObject({
    jobReference: { projectId: 'fernhill', location: 'EU' },
    configuration: {
      labels: { touchtrail: 'x', touchtrail_step: 'events' },
      query: {
        query: 'select at from x',
        useLegacySql: false,
        parameterMode: 'NAMED',
        maximumBytesBilled: '1000',
        defaultDataset: { projectId: 'fernhill', datasetId: 'touchtrail' },
      },
    },
  });
  expect(body.jobReference.jobId).toMatch(/^touchtrail_[\w-]+$/);
  expect(poll!.url.pathname).toMatch(new RegExp(`/jobs/${body.jobReference.jobId}$`));
  expect(first!.url.searchParams.get('formatOptions.useInt64Timestamp')).toBe('true');
  expect(second!.url.searchParams.get('pageToken')).toBe('more');
});

test('the library’s errors keep the code and the reason by which they are told apart', async () => {
  const { api } = await jobs();
  answers = () => refusal(400, 'bytesBilledLimitExceeded', 'Query exceeded limit for bytes billed: 1. 10485760 or higher required.');
  const job = { query: 'select 1', queryParameters: [], labels: {} };
  await expect(api.runQuery(job)).rejects.toMatchObject({ code: 400, errors: [{ reason: 'bytesBilledLimitExceeded' }] });
  expect(seen.length).toBe(1);
});

test('a job that is there already, because only its answer was lost, is waited for', async () => {
  const { api } = await jobs();
  answers = ({ method }) =>
    method === 'POST' ? refusal(409, 'duplicate', 'Already Exists: Job') : [200, { status: { state: 'DONE' }, statistics: {} }];
  await api.runQuery({ query: 'select 1', queryParameters: [], labels: {} });
  expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET']);
});

test('a dry run asks for columns and bytes, without a limit and without an id', async () => {
  const { api } = await jobs();
  const fields = [{ name: 'a', type: 'INTEGER' }];
  answers = () => [200, { status: { state: 'DONE' }, statistics: { totalBytesProcessed: '123', query: { schema: { fields } } } }];
  expect(await api.dryRun({ query: 'select 1 as a', queryParameters: [], labels: {} })).toEqual({ fields, bytes: 123 });
  const body = JSON.parse(seen[0]!.body) as { jobReference: object; configuration: { dryRun: boolean; query: object } };
  expect(body.configuration.dryRun).toBe(true);
  expect(body.configuration.query).not.toHaveProperty('maximumBytesBilled');
  expect(body.jobReference).not.toHaveProperty('jobId');
});

test('a file is loaded by a job with an id of ours, and its rows are counted', async () => {
  const { api } = await jobs();
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-api-'));
  try {
    const file = join(folder, 'rows.ndjson');
    await writeFile(file, '{"a":1}\n{"a":2}\n');
    answers = ({ method, body }) => {
      if (method === 'GET') return [200, { status: { state: 'DONE' }, statistics: { load: { outputRows: '2' } } }];
      const id = /"jobId":"([^"]+)"/.exec(body)?.[1];
      return [200, { jobReference: { jobId: id, projectId: 'fernhill', location: 'EU' }, status: { state: 'RUNNING' } }];
    };
    const rows = await api.loadFile({
      table: 'numbers',
      file,
      sourceFormat: 'NEWLINE_DELIMITED_JSON',
      writeDisposition: 'WRITE_APPEND',
      fields: [{ name: 'a', type: 'INT64' }],
    });
    expect(rows).toBe(2);
    const [upload, poll] = seen;
    expect(upload!.body).toContain('{"a":1}\n{"a":2}\n');
    expect(upload!.body).toContain('"writeDisposition":"WRITE_APPEND"');
    const id = /"jobId":"(touchtrail_[^"]+)"/.exec(upload!.body)![1];
    expect(poll!.url.pathname.endsWith(`/jobs/${id}`)).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
