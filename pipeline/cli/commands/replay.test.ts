import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { registerReplay } from './replay.ts';
import { run } from './testing/run-command.ts';

let folder: string;
let server: Server;
let asked: unknown[];
let answers: { status?: number; body: object }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'touchtrail-replay-'));
  asked = [];
  answers = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      asked.push([request.method, request.url, request.headers.authorization, JSON.parse(text)]);
      const { status = 200, body } = answers.shift()!;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    join(folder, 'touchtrail.config.mjs'),
    `export default { project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, edge: { url: 'http://127.0.0.1:${port}/t/' } };\n`,
  );
  vi.stubEnv('TOUCHTRAIL_ADMIN_TOKEN', 'operator');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

const replay = async (...args: string[]) =>
  await run(registerReplay, folder, ['--config', join(folder, 'touchtrail.config.mjs'), 'replay', ...args]);
const page = (objects: number, rows: number, more = {}) => ({
  body: { objects, rows, bytes: rows * 10, unreadable: [], waiting: [], ...more },
});

test('dead letters are put back page by page, to the end', async () => {
  answers = [page(200, 900, { cursor: 'next' }), page(1, 1)];
  expect(await replay()).toEqual({ stdout: '201 deliveries with 901 events were put back into the queue\n', stderr: '' });
  expect(asked).toEqual([
    ['POST', '/t/internal/replay', 'Bearer operator', { prefix: 'dead', dryRun: false, limit: 200 }],
    ['POST', '/t/internal/replay', 'Bearer operator', { prefix: 'dead', dryRun: false, limit: 200, cursor: 'next' }],
  ]);
});

test('a dry run only counts', async () => {
  answers = [page(1, 1)];
  expect((await replay('--dry-run', '--spill')).stdout).toBe('1 delivery with 1 event would be put back into the queue\n');
  expect(asked[0]).toMatchObject({ 3: { prefix: 'spill', dryRun: true } });
});

test('for programs it is JSON', async () => {
  answers = [page(2, 3)];
  expect(JSON.parse((await replay('--json')).stdout)).toEqual({ objects: 2, rows: 3, bytes: 30, unreadable: [], waiting: [] });
});

test('nothing held is no failure', async () => {
  answers = [page(0, 0)];
  expect((await replay()).stdout).toBe('nothing was put back\n');
});

test('what stays is named, and is a failure', async () => {
  answers = [page(1, 2, { unreadable: ['dead/2026-03-01/x.ndjson'], waiting: ['dead/2026-03-01/y.ndjson'] })];
  await expect(replay()).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(
      /still held:\n {2}dead\/2026-03-01\/x\.ndjson: cannot be read.*\n {2}dead\/2026-03-01\/y\.ndjson: too large/,
    ) as string,
  });
});

test('an edge that fails in between is a failure that says how far it came', async () => {
  answers = [page(200, 900, { cursor: 'next' }), { status: 503, body: { message: 'Not everything was put back' } }];
  await expect(replay()).rejects.toThrow(/answered 503.*Not everything.*\nuntil then: 200 deliveries with 900 events were put back/s);
});

test('the files of the CRM and of the costs have no part in it', async () => {
  const file = join(folder, 'touchtrail.config.mjs');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(
      ' };',
      ", costs: [{ csv: 'costs/not-here.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }] };",
    ),
  );
  answers = [page(1, 1)];
  expect((await replay()).stdout).toBe('1 delivery with 1 event was put back into the queue\n');
});

test('a config without a deployed edge is said to have none', async () => {
  writeFileSync(
    join(folder, 'touchtrail.config.mjs'),
    "export default { project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' } };\n",
  );
  await expect(replay()).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('set edge.url') as string });
});
