import { Hono } from 'hono/tiny';
import type { EdgeStatus } from '../contract/edge-status.ts';
import type { Environment } from '../services.ts';
import { createEraseAdmin } from './erase.ts';
import { createKeyAdmin } from './keys.ts';
import { createReplayAdmin } from './replay.ts';
import { askWarehouse } from './warehouse.ts';

/** What an operator's tools ask of the edge, under `/internal`: nobody else learns that it is there. */
export function createAdmin() {
  const admin = new Hono<{ Bindings: Environment }>();
  admin.use('*', async (c, next) => {
    if (!(await isOperator(c.req.header('Authorization'), c.env.ADMIN_TOKEN))) return c.notFound();
    return await next();
  });
  admin.get('/status', async (c) =>
    c.json({
      queue: c.env.QUEUE !== undefined,
      archive: c.env.ARCHIVE !== undefined,
      addresses: !!c.env.IP_HASH_KEY && !!c.env.IP_HASH_KEY_ID,
      warehouse: await askWarehouse(c.env),
    } satisfies EdgeStatus),
  );
  createKeyAdmin(admin);
  createReplayAdmin(admin);
  createEraseAdmin(admin);
  return admin;
}

/** Whether a request carries the operator's token. Compares digests, so that the time it takes says nothing about the token. */
export async function isOperator(authorization: string | undefined, token: string | undefined): Promise<boolean> {
  if (!token || !authorization) return false;
  const [said, right] = await Promise.all([digest(authorization), digest(`Bearer ${token}`)]);
  return said.every((byte, index) => byte === right[index]);
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}
