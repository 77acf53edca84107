import type { Context, Hono } from 'hono';
import { faultOfKey, type StoredKey, writeKeyId } from '../contract/write-key.ts';
import { type Environment, servicesOf } from '../services.ts';

type Bindings = { Bindings: Environment };

/**
 * The write keys of a deployed edge, for its operator: `GET` lists them, revoked ones included; `PUT` creates or changes one;
 * `DELETE /:id` revokes one. Another location may go on as before for up to two minutes: one that the store, one that the edge
 * remembers an answer.
 */
export function createKeyAdmin(app: Hono<Bindings>): void {
  app.get('/keys', async (c) => c.json({ keys: await storedKeys(c.env.KEYS) }));

  app.put('/keys', async (c) => {
    const said: unknown = await c.req.json().catch(() => undefined);
    const fault = faultOfKey(said);
    if (fault !== undefined) return refuse(c, 400, `This is no write key${fault && `: ${fault} is missing or wrong`}.`);
    const { key, ...record } = said as StoredKey;
    if (record.id !== writeKeyId(record.key_hash)) return refuse(c, 400, 'The id of a write key comes from its hash.');
    // A server key is secret, whatever the caller says.
    return await store(c, { ...record, ...(record.kind === 'browser' && key !== undefined && { key }) });
  });

  app.delete('/keys/:id', async (c) => {
    const id = c.req.param('id');
    const found = (await storedKeys(c.env.KEYS, id.replace(/^wk_/, ''))).find((key) => key.id === id);
    if (!found) return refuse(c, 409, `There is no write key "${id}".`);
    return await store(c, { ...found, revoked_at: found.revoked_at ?? new Date().toISOString() });
  });
}

function refuse(c: Context, status: 400 | 409, message: string) {
  return c.json({ success: false, reason: 'invalid_key', message }, status);
}

async function store(c: Context<Bindings>, key: StoredKey) {
  await c.env.KEYS.put(key.key_hash, JSON.stringify(key));
  servicesOf(c.env).keys.forget();
  return c.json(key);
}

const ageOf = ({ created_at, id }: StoredKey) => created_at + id;

/** What else lies in the store is no key. */
const KEY_HASH = /^[0-9a-f]{64}$/;

/** @param prefix of the hash. */
async function storedKeys(store: Environment['KEYS'], prefix = ''): Promise<StoredKey[]> {
  const found: StoredKey[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ prefix, ...(cursor !== undefined && { cursor }) });
    const names = page.keys.map(({ name }) => name).filter((name) => KEY_HASH.test(name));
    const keys = await Promise.all(names.map((name) => store.get<StoredKey>(name, 'json')));
    found.push(...keys.filter((key) => key !== null));
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  return found.toSorted((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));
}
