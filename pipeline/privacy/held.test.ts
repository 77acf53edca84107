import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config } from '../config/schema.ts';
import { applyErasures } from './apply.ts';
import { requestErasure } from './request.ts';
import { openErasureWorld } from './testing/erasure-world.ts';
import { eraseHeld } from './held.ts';
import type { ErasedRow } from './landed-lines.ts';

const ids = { anonymous_id: ['jane-1'], user_id: [], email_hash: [] };
const told = { edge_instance: 'e', edge_sequence: 1, write_key_id: 'wk_1', received_at: '2026-03-01T12:00:00.000Z' };

let server: Server;
let url: string;
let answers: unknown[];
let asked: unknown[];
beforeEach(async () => {
  [answers, asked] = [[], []];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push([request.url, request.headers.authorization, JSON.parse(text)]);
      const answer = answers.shift();
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/t`;
});
afterEach(() => void server.close());

const configOf = (edge: object) => Config.parse({ project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' }, edge });
const erase = async (edge: object, token?: string) => {
  const rows: ErasedRow[] = [];
  const outcome = await eraseHeld(configOf(edge), ids, async (found) => void rows.push(...found), { TOUCHTRAIL_ADMIN_TOKEN: token });
  return { outcome, rows };
};

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

test('every part of the archive is gone through, page by page, and the accounts are told', async () => {
  answers = [
    { objects: 1, erased: [{ ...told, name: 'event a' }], unreadable: [], cursor: 'more' },
    { objects: 0, erased: [], unreadable: [] },
    { objects: 1, erased: [{ ...told, name: 'failed position 3' }], unreadable: [] },
    { objects: 2, erased: [], unreadable: [] },
  ];
  const { outcome, rows } = await erase({ url }, 'operator');
  expect(outcome).toEqual({ deleted: 4 });
  expect(asked.map((request) => (request as [string, string, object]).slice(2)[0])).toEqual([
    { prefix: 'spill', ids },
    { prefix: 'spill', ids, cursor: 'more' },
    { prefix: 'dead', ids },
    { prefix: 'invalid', ids },
  ]);
  expect(asked[0]).toEqual(['/t/internal/erase', 'Bearer operator', { prefix: 'spill', ids }]);
  expect(rows.map(({ row_hash }) => row_hash)).toEqual([hash('wk_1 event a'), hash('wk_1 failed position 3')]);
});

test('an edge that cannot be asked is a reason, and no failure', async () => {
  expect((await erase({ url })).outcome!.reason).toContain('TOUCHTRAIL_ADMIN_TOKEN is not set');
  expect((await erase({ url }, 'operator')).outcome!.reason).toContain('answered 404');
});

test('without a deployed edge there is nothing to ask', async () => {
  expect((await erase({})).outcome).toBeUndefined();
});

test('as long as the edge has not answered, an erasure is pending and says why', async () => {
  const world = await openErasureWorld({ edge: { url } });
  try {
    const request = requestErasure({ kind: 'anonymous_id', value: 'jane-1' }, () => {});
    const steps = [request, applyErasures].map((run, i) => ({ name: `step ${i}`, run, transaction: false }));
    await world.night('2026-03-05T03:00:00.000Z', { steps });
    const [row] = await world.rows('select verified_at, places from erasures');
    expect(row!['verified_at']).toBeNull();
    expect(JSON.parse(row!['places'] as string)).toContainEqual({
      place: 'edge archive',
      deleted: 0,
      left: null,
      note: expect.stringContaining('TOUCHTRAIL_ADMIN_TOKEN is not set') as string,
    });
  } finally {
    await world.close();
  }
});
