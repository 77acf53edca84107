import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openWarehouse } from '../../warehouse/open.ts';
import { makeKey } from '../../config/write-keys.ts';
import { serveControl } from '../../embedded/control.ts';
import type { TailEntry } from '../../models/events/tail.ts';
import { costNotice, registerTail } from './tail.ts';
import { deployedKeys, idsOf } from './tail-keys.ts';
import { run } from './testing/run-command.ts';

vi.mock('../../warehouse/open.ts', () => ({ openWarehouse: vi.fn() }));

describe('with a deployed edge', () => {
  const website = makeKey([], { kind: 'browser', name: 'website', key: 'demo' }).record;
  let folder: string;
  let server: Server;
  let url: string;
  beforeEach(async () => {
    vi.mocked(openWarehouse).mockRejectedValue(new Error('here BigQuery would be opened'));
    folder = mkdtempSync(join(tmpdir(), 'touchtrail-tail-'));
    server = createServer((request, response) => {
      const isKnown = request.url === '/t/internal/keys' && request.headers.authorization === 'Bearer operator';
      response.writeHead(isKnown ? 200 : 404).end(JSON.stringify(isKnown ? { keys: [website] } : {}));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/t`;
    writeFileSync(
      join(folder, 'touchtrail.config.mjs'),
      `export default { project: { name: 'X', timeZone: 'UTC', currency: 'EUR' }, edge: { url: '${url}' }, warehouse: { type: 'bigquery', project: 'p', dataset: 'd' } };\n`,
    );
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
    server.close();
    await once(server, 'close');
  });
  const tail = async (token: string, ...args: string[]) => {
    vi.stubEnv('TOUCHTRAIL_ADMIN_TOKEN', token);
    await run(registerTail, join(folder, 'data'), ['--config', join(folder, 'touchtrail.config.mjs'), 'tail', ...args]);
  };

  test('a key is known by its name where the edge can be asked', async () => {
    await expect(tail('operator', '--key', 'website')).rejects.toThrow('here BigQuery would be opened');
    await expect(tail('operator', '--key', 'webseit')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^--key: .*"webseit".*website/) as string,
    });
    const known = await deployedKeys(url, { TOUCHTRAIL_ADMIN_TOKEN: 'operator' });
    expect([known.silence, known.keys.map(({ name }) => name)]).toEqual([undefined, ['website']]);
    expect(idsOf('website', known)).toEqual([website.id]);
  });

  test.each([
    ['', 'the environment variable TOUCHTRAIL_ADMIN_TOKEN is not set'],
    ['wrong', 'TOUCHTRAIL_ADMIN_TOKEN is not its ADMIN_TOKEN'],
  ])('where it cannot (token "%s"), only by its id, and the command says so', async (token, why) => {
    await expect(tail(token, '--key', 'website')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(new RegExp(`^--key website: only the deployed edge knows the names.*${why}`)) as string,
    });
    await expect(tail(token, '--key', website.id)).rejects.toThrow('here BigQuery would be opened');
    await expect(tail(token)).rejects.toThrow('here BigQuery would be opened');
  });
});

test('beside a running up, times are those of the project, which is said', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'touchtrail-tail-'));
  const entry: TailEntry = {
    received_at: '2026-07-01T10:00:00.000Z',
    type: 'page',
    event: null,
    page: '/',
    source: null,
    anonymous_id: 'visitor',
    write_key_id: null,
    reason: null,
    path: null,
    detail: null,
  };
  const control = await serveControl(folder, {
    status: async () => ({}),
    tail: async (_, report) => (report({ entry }), null),
  });
  try {
    const config = join(folder, 'touchtrail.config.mjs');
    writeFileSync(config, `export default { project: { name: 'X', timeZone: 'Asia/Tokyo', currency: 'EUR' } };\n`);
    const { stdout, stderr } = await run(registerTail, folder, ['--config', config, 'tail']);
    expect([stderr, stdout.slice(0, 8)]).toEqual(['times are in Asia/Tokyo\n', '19:00:00']);
  } finally {
    await control.close();
    rmSync(folder, { recursive: true });
  }
});

// 720 looks an hour; the least that is billed is 10 MiB for each of two tables; 6.25 USD per TiB: 720 × 20 ÷ 1,048,576 × 6.25 = 0.0858.
test.each([
  [0, 5, 'every 5 s, at about 20 MB each: some 0.09 USD an hour'],
  [0, 60, 'every 60 s, at about 20 MB each: some 0.01 USD an hour'],
  [2 * 1024 ** 3, 5, 'every 5 s, at about 2,048 MB each: some 8.79 USD an hour'],
])('%d bytes every %d seconds', (bytes, interval, words) => {
  expect(costNotice(bytes, interval)).toContain(words);
});
