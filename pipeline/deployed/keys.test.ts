import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApp } from '../../edge/app.ts';
import { FakeKeyStore } from '../../edge/testing/fake-key-store.ts';
import type { DeployedEdge } from './admin.ts';
import { createDeployedKey, listDeployedKeys, revokeDeployedKey, updateDeployedKey } from './keys.ts';

const TOKEN = 'the-token-of-the-operator';
const store = new FakeKeyStore();
let server: Server;
let edge: DeployedEdge;

/** The edge itself behind a real connection; its key store is in memory. */
const app = createApp();
const bindings = { KEYS: store, ADMIN_TOKEN: TOKEN, BASE_PATH: '/t', LANDING: { fetch: async () => new Response(null, { status: 204 }) } };

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hasBody = request.method === 'PUT';
  const answer = await app.request(
    `http://edge.example${request.url}`,
    {
      method: request.method!,
      headers: { authorization: request.headers.authorization ?? '' },
      ...(hasBody && { body: await buffer(request) }),
    },
    bindings,
  );
  response.writeHead(answer.status).end(await answer.text());
}

beforeAll(async () => {
  server = createServer((request, response) => void respond(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  edge = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/t`, token: TOKEN };
});
afterAll(() => void server.close());
beforeEach(() => store.entries.clear());

test('keys are created, listed, changed and revoked', async () => {
  const site = await createDeployedKey(edge, { kind: 'browser', name: 'site', policy: { origins: ['https://www.example.com'] } });
  expect(site.record).toMatchObject({ kind: 'browser', name: 'site', key: site.key, origins: ['https://www.example.com'] });
  const shop = await createDeployedKey(edge, { kind: 'server', name: 'shop', policy: { stores_as: site.record.id } });
  expect(await listDeployedKeys(edge)).toEqual(expect.arrayContaining([site.record, shop.record]));
  const changed = await updateDeployedKey(edge, site.record.id, { paused: true, origins: null, name: 'web' });
  const { origins, ...others } = site.record;
  expect(origins).toHaveLength(1);
  expect(changed).toEqual({ ...others, paused: true, name: 'web' });
  const revoked = await revokeDeployedKey(edge, shop.record.id);
  expect(revoked.revoked_at).not.toBeNull();
  expect(await listDeployedKeys(edge)).toEqual(expect.arrayContaining([changed, revoked]));
});

test('a server key leaves this machine as its hash', async () => {
  const { key, record } = await createDeployedKey(edge, { kind: 'server', name: 'shop' });
  expect([...store.entries.keys()]).toEqual([record.key_hash]);
  expect([...store.entries.values()].join()).not.toContain(key);
});

test('what is wrong is said as for the keys of a data folder, and changes nothing', async () => {
  const { record } = await createDeployedKey(edge, { kind: 'browser', name: 'site', key: 'demo' });
  const before = new Map(store.entries);
  const missing = `There is no write key "wk_nope". Known: ${record.id} ("site").`;
  await expect(createDeployedKey(edge, { kind: 'browser', name: 'again', key: 'demo' })).rejects.toThrow(`exists as ${record.id} ("site")`);
  await expect(updateDeployedKey(edge, 'wk_nope', { paused: true })).rejects.toThrow(missing);
  await expect(updateDeployedKey(edge, record.id, { sample: 7 })).rejects.toThrow('--sample 7');
  await expect(revokeDeployedKey(edge, 'wk_nope')).rejects.toThrow(missing);
  expect(store.entries).toEqual(before);
});

test('a wrong token is said', async () => {
  await expect(listDeployedKeys({ ...edge, token: 'wrong' })).rejects.toThrow('TOUCHTRAIL_ADMIN_TOKEN is not its ADMIN_TOKEN');
});
