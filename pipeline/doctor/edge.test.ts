import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config } from '../config/schema.ts';
import { examineDeployment, examineEdge } from './edge.ts';

const statusText = (changes: object = {}, warehouse: object = {}) =>
  JSON.stringify({
    queue: true,
    archive: true,
    addresses: true,
    warehouse: { project: 'fernhill', dataset: 'touch', outcome: 'ok', says: 'the account finds the table events_raw', ...warehouse },
    ...changes,
  });

type Answer = readonly [status: number, body: string, type?: string];
let server: Server;
let url: string;
let answers: Map<string, Answer>;
let tokens: (string | undefined)[];

beforeEach(async () => {
  tokens = [];
  answers = new Map<string, Answer>([
    ['/t/health', [200, '{"status":"ok"}']],
    ['/t/app.js', [200, 'const name = "anonymous_id";', 'text/javascript; charset=utf-8']],
    ['/t/internal/status', [200, statusText()]],
    ['/t/internal/keys', [200, '{"keys":[{"kind":"browser","revoked_at":null},{"kind":"server","revoked_at":null}]}']],
  ]);
  server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    const [status, body, type = 'application/json'] = answers.get(request.url!) ?? [404, 'nothing here', 'text/html'];
    response.writeHead(status, { 'content-type': type }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/t`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  if (server.listening) await once(server, 'close');
});

const lines = (found: Awaited<ReturnType<typeof examineEdge>>) => found.map(({ subject, status, says }) => `${status} ${subject}: ${says}`);
const deployed = (environment: NodeJS.ProcessEnv = { TOUCHTRAIL_ADMIN_TOKEN: 'secret' }) =>
  examineDeployment(Config.shape.edge.parse({ url }), { project: 'fernhill', dataset: 'touch' }, environment);

test('the edge answers, and serves the script under its name', async () => {
  expect(lines(await examineEdge(`${url}/`, 'app'))).toEqual([`ok Edge: ${url} answers`, `ok Script: ${url}/app.js`]);
});

test('the script has another name', async () => {
  expect(lines(await examineEdge(url, 't'))[1]).toBe(`problem Script: ${url}/t.js answered 404 (text/html), not the tracker`);
});

test('something else answers at the path', async () => {
  answers.set('/t/health', [200, '<h1>Our shop</h1>', 'text/html']);
  const found = await examineEdge(url, 'app');
  expect(lines(found)[0]).toBe(`problem Edge: ${url}/health answered 200, and not as the edge does`);
  expect(found[0]!.remedy).toContain('routes and BASE_PATH');
});

test('nobody answers', async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  expect(lines(await examineEdge(url, 'app'))[0]).toContain('cannot be reached: fetch failed (connect ECONNREFUSED');
});

test('queue, bucket, secrets and keys are there; the token goes along', async () => {
  expect(lines(await deployed())).toEqual([
    'ok Worker: queue, bucket and secrets are there',
    'ok Delivery: the account of the Worker reaches fernhill.touch',
    'ok Write keys: 1 of websites, 1 of servers',
  ]);
  expect(tokens).toEqual(['Bearer secret', 'Bearer secret']);
});

test('each thing that is missing is named, with what to run', async () => {
  const unset = { project: '', dataset: '', outcome: 'unset', says: 'not set: BIGQUERY_PROJECT, BIGQUERY_DATASET, GOOGLE_SERVICE_ACCOUNT' };
  answers.set('/t/internal/status', [200, statusText({ queue: false, addresses: false }, unset)]);
  answers.set('/t/internal/keys', [
    200,
    '{"keys":[{"kind":"browser","revoked_at":"2026-01-01T00:00:00Z"},{"kind":"server","revoked_at":null}]}',
  ]);
  const found = await deployed();
  expect(lines(found)).toEqual([
    'problem Worker: it has not got the queue',
    'problem Worker: it has not got the secrets IP_HASH_KEY and IP_HASH_KEY_ID: visits cannot be joined by address',
    'problem Delivery: the Worker cannot write into the warehouse: not set: BIGQUERY_PROJECT, BIGQUERY_DATASET, GOOGLE_SERVICE_ACCOUNT',
    'problem Write keys: none for a website',
  ]);
  expect(found[2]!.remedy).toContain('npx wrangler secret put GOOGLE_SERVICE_ACCOUNT < deploy/touchtrail-edge.json');
});

test.each([
  [
    { dataset: 'touch_staging' },
    'the Worker writes into fernhill.touch_staging, but warehouse in the config is fernhill.touch',
    'wrangler.toml',
  ],
  [{ project: 'my-project', outcome: '404' }, 'the Worker writes into my-project.touch, but', 'BIGQUERY_PROJECT'],
  [{ outcome: 'account', says: 'GOOGLE_SERVICE_ACCOUNT is not JSON' }, 'warehouse: GOOGLE_SERVICE_ACCOUNT is not JSON', 'secret put'],
  [{ outcome: '403', says: 'BigQuery answered 403: no' }, 'warehouse: BigQuery answered 403: no', 'bash deploy/google-cloud.sh gives'],
  [{ outcome: '404', says: 'BigQuery answered 404: no' }, 'warehouse: BigQuery answered 404: no', 'npx touchtrail run makes the tables'],
  [{ outcome: '503', says: 'BigQuery answered 503' }, 'warehouse: BigQuery answered 503', 'try again'],
  [{ outcome: 'unreachable', says: 'fetch failed' }, 'warehouse: fetch failed', 'try again'],
])('what keeps the Worker from the warehouse is told: %j', async (warehouse, says, remedy) => {
  answers.set('/t/internal/status', [200, statusText({}, warehouse)]);
  expect((await deployed())[1]).toEqual({
    subject: 'Delivery',
    status: 'problem',
    says: expect.stringContaining(says) as string,
    remedy: expect.stringContaining(remedy) as string,
  });
});

test('a Worker of an older version does not say it', async () => {
  answers.set('/t/internal/status', [200, statusText({ warehouse: true })]);
  expect(lines(await deployed())[1]).toBe('unknown Delivery: the Worker is of an older version: npx wrangler deploy');
});

test('a token that is not known, and none at all', async () => {
  answers.delete('/t/internal/status');
  expect(lines(await deployed())).toEqual([
    `problem Worker: ${url}/internal/status answered 404: there is no edge, it is of an older version, or TOUCHTRAIL_ADMIN_TOKEN is not its ADMIN_TOKEN`,
  ]);
  expect((await deployed({}))[0]).toMatchObject({ status: 'note', says: expect.stringContaining('TOUCHTRAIL_ADMIN_TOKEN is not set') });
});
