import { afterEach, expect, test, vi } from 'vitest';
import type { Environment } from '../services.ts';
import { createServiceAccount } from '../testing/service-account.ts';
import { createAdmin } from './admin.ts';

afterEach(() => void vi.restoreAllMocks());

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
  expect(await status(environment(), 'Bearer secret')).toMatchObject({ queue: false, archive: false, addresses: false });
  const all = environment({
    QUEUE: {} as NonNullable<Environment['QUEUE']>,
    ARCHIVE: {} as NonNullable<Environment['ARCHIVE']>,
    IP_HASH_KEY: 'key',
    IP_HASH_KEY_ID: '2026-11',
  });
  expect(await status(all, 'Bearer secret')).toMatchObject({ queue: true, archive: true, addresses: true });
  expect(await status(environment({ IP_HASH_KEY: 'key' }), 'Bearer secret')).toMatchObject({ addresses: false });
});

const account = await createServiceAccount();
const SET = { BIGQUERY_PROJECT: 'fernhill', BIGQUERY_DATASET: 'touch', GOOGLE_SERVICE_ACCOUNT: account.keyFile };
const denied = 'Access Denied: Table fernhill:touch.events_raw: Permission bigquery.tables.get denied';

test.each<readonly [what: string, variables: Partial<Environment>, answer: () => Response, outcome: string, says: string]>([
  ['nothing is set', {}, () => Response.error(), 'unset', 'not set: BIGQUERY_PROJECT, BIGQUERY_DATASET, GOOGLE_SERVICE_ACCOUNT'],
  ['the dataset is not set', { ...SET, BIGQUERY_DATASET: '' }, () => Response.error(), 'unset', 'not set: BIGQUERY_DATASET'],
  [
    'the secret is no key file',
    { ...SET, GOOGLE_SERVICE_ACCOUNT: 'deploy/touchtrail-edge.json' },
    () => Response.error(),
    'account',
    'GOOGLE_SERVICE_ACCOUNT is not JSON: expected the text of a key file',
  ],
  ['the table is there', SET, () => Response.json({ id: 'fernhill:touch.events_raw' }), 'ok', 'the account finds the table events_raw'],
  [
    'the account may not',
    SET,
    () => new Response(JSON.stringify({ error: { code: 403, message: denied } }, undefined, 2), { status: 403 }),
    '403',
    `BigQuery answered 403: ${denied}`,
  ],
  ['something else answers', SET, () => new Response('<html>', { status: 502 }), '502', 'BigQuery answered 502'],
  [
    'nobody answers',
    SET,
    () => {
      throw new TypeError('fetch failed');
    },
    'unreachable',
    'fetch failed',
  ],
])(
  "of the warehouse the operator learns what BigQuery answers to the Worker's own account: %s",
  async (_, variables, answer, outcome, says) => {
    const asked = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => answer());
    const { warehouse } = (await status(environment(variables), 'Bearer secret')) as { warehouse: object };
    const { BIGQUERY_PROJECT: project = '', BIGQUERY_DATASET: dataset = '' } = variables;
    expect(warehouse).toEqual({ project, dataset, outcome, says });
    if (outcome === 'unset' || outcome === 'account') return expect(asked).not.toHaveBeenCalled();
    const [url, init] = asked.mock.calls[0]!;
    expect(url).toBe('https://bigquery.googleapis.com/bigquery/v2/projects/fernhill/datasets/touch/tables/events_raw?fields=id');
    expect(init!.method).toBeUndefined();
    const { authorization } = init!.headers as Record<string, string>;
    expect(await account.verify(authorization!.replace('Bearer ', ''), Date.now())).toBeUndefined();
  },
);
