import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { heldDeliveries } from '../../query/reconcile/held.ts';
import { registerReconcile } from './reconcile.ts';
import { run } from './testing/run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-reconcile-'));
});
afterEach(async () => {
  process.exitCode = undefined;
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function project(warehouse: string): Promise<string> {
  const file = path.join(folder, 'touchtrail.config.mjs');
  await writeFile(file, `export default { project: { name: 'X', timeZone: 'UTC', currency: 'EUR' }, ${warehouse} };`);
  return file;
}

test('a delivery of which rows are missing ends the command with 1 and is listed', async () => {
  const config = await project('');
  const received_at = '2026-03-02T10:00:00.000Z';
  const header = { edge_instance: 'edge-1', received_at, write_key_id: 'wk_1' };
  const landing = path.join(folder, 'data', 'landing', 'sealed');
  await mkdir(landing, { recursive: true });
  const lines = [{ delivery: { ...header, edge_sequence: 1, count: 2 } }, { delivery: { ...header, edge_sequence: 2, count: 0 } }];
  await writeFile(path.join(landing, 'a.ndjson'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const days = ['--from', '2026-03-01', '--to', '2026-03-03'];
  const { stdout } = await run(registerReconcile, path.join(folder, 'data'), ['--config', config, 'reconcile', ...days, '--json']);
  expect(process.exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    balanced: false,
    rows: [{ date: '2026-03-02', accepted: 2, missing: 2 }],
    broken: [{ edge_instance: 'edge-1', edge_sequence: 1, counted: 2, found: 0 }],
  });
});

test.each([
  [['--last', '3 days'], /--last 3 days: expected a span/],
  [['--from', '2026-03-02', '--last', '7d'], /two ways/],
  [['--from', '2026-03-02', '--to', '2026-03-01'], /--from 2026-03-02 lies after the last day, 2026-03-01/],
])('%j is wrong usage', async (args, message) => {
  const config = await project('');
  await expect(run(registerReconcile, folder, ['--config', config, 'reconcile', ...args])).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(message) as string,
  });
});

test('with BigQuery the edge must be known, and the token of its operator', async () => {
  const warehouse = `warehouse: { type: 'bigquery', project: 'p', dataset: 'd' }`;
  const config = await project(warehouse);
  await expect(run(registerReconcile, folder, ['--config', config, 'reconcile'])).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('edge.url') as string,
  });
});

/** An object of the archive as the edge tells it. */
const object = (key: string, rows: number, delivery: string | null) => ({
  key,
  rows,
  received_at: '2026-03-02T10:00:00.000Z',
  write_key_id: 'wk_1',
  delivery,
});

test('the deployed edge is asked page by page for what it holds; parts of one delivery are added up', async () => {
  const pages: Record<string, unknown> = {
    '/internal/held/spill': { objects: [object('spill/a', 3, 'edge-1-7')], cursor: 'next page' },
    '/internal/held/spill?cursor=next%20page': { objects: [object('spill/b', 2, 'edge-1-7'), object('spill/c', 1, 'edge-1-8')] },
    '/internal/held/dead': { objects: [object('dead/x', 0, null), object('dead/y', 4, 'edge-1-7')] },
  };
  const server: Server = createServer((request, response) => {
    const page = request.headers.authorization === 'Bearer secret' ? pages[request.url!] : undefined;
    response.writeHead(page ? 200 : 404).end(JSON.stringify(page ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const held = { edge_instance: 'edge-1', received_at: '2026-03-02T10:00:00.000Z', write_key_id: 'wk_1' };
    expect(await heldDeliveries({ url, token: 'secret' })).toEqual({
      deliveries: [
        { ...held, edge_sequence: 7, rows: 4, spilled: 5 },
        { ...held, edge_sequence: 8, rows: 0, spilled: 1 },
      ],
      unreadable: ['dead/x'],
    });
    await expect(heldDeliveries({ url, token: 'wrong' })).rejects.toThrow('404');
  } finally {
    server.close();
  }
});
