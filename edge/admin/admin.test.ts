import { expect, test } from 'vitest';
import type { Environment } from '../services.ts';
import { createAdmin } from './admin.ts';

const environment = (changes: Partial<Environment> = {}) => ({ ADMIN_TOKEN: 'secret', ...changes }) as Environment;
const status = async (env: Environment, authorization?: string) => {
  const answer = await createAdmin().request('/status', { headers: authorization === undefined ? {} : { authorization } }, env);
  return answer.status === 200 ? await answer.json() : answer.status;
};

test.each([undefined, 'secret', 'Bearer wrong', 'Bearer ', 'Basic secret'])('whoever says %s learns nothing', async (authorization) => {
  expect(await status(environment(), authorization)).toBe(404);
});

test.each([undefined, ''])('without a token (%j) nobody is the operator', async (ADMIN_TOKEN) => {
  expect(await status({ ...environment(), ADMIN_TOKEN } as Environment, `Bearer ${ADMIN_TOKEN ?? ''}`)).toBe(404);
});

test('the operator learns which bindings and secrets are there, and no more of them', async () => {
  expect(await status(environment(), 'Bearer secret')).toEqual({ queue: false, archive: false, warehouse: false, addresses: false });
  const all = environment({
    QUEUE: {} as NonNullable<Environment['QUEUE']>,
    ARCHIVE: {} as NonNullable<Environment['ARCHIVE']>,
    GOOGLE_SERVICE_ACCOUNT: '{}',
    IP_HASH_KEY: 'key',
    IP_HASH_KEY_ID: '2026-11',
  });
  expect(await status(all, 'Bearer secret')).toEqual({ queue: true, archive: true, warehouse: true, addresses: true });
  expect(await status(environment({ IP_HASH_KEY: 'key' }), 'Bearer secret')).toMatchObject({ addresses: false });
});
