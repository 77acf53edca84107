import type { Hono } from 'hono/tiny';
import type { HeldObject, HeldSummary } from '../contract/held.ts';
import { pagesOf, PREFIXES, type Prefix } from '../delivery/archive.ts';
import { putBack } from '../delivery/put-back.ts';
import { log } from '../log.ts';
import type { Bucket, BucketObject } from '../platform.ts';
import { type Environment, servicesOf } from '../services.ts';

/** Objects that one call may ask for. */
const MOST_OBJECTS = 1_000;

/**
 * What the archive holds: `GET /held` counts it, `GET /held/:prefix?cursor=` lists it page by page, and `POST /replay` with
 * `{ prefix, limit, dryRun, cursor }` puts some of it back into the queue; see {@link putBack}.
 */
export function createReplayAdmin(app: Hono<{ Bindings: Environment }>): void {
  app.get('/held', async (c) => {
    const { ARCHIVE: archive } = c.env;
    const summaries = await Promise.all(
      PREFIXES.map(async (prefix) => [prefix, archive ? await summarize(archive, prefix) : null] as const),
    );
    return c.json(Object.fromEntries(summaries) as Record<Prefix, HeldSummary | null>);
  });

  app.get('/held/:prefix', async (c) => {
    const prefix = PREFIXES.find((known) => known === c.req.param('prefix'));
    if (!prefix || !c.env.ARCHIVE) return c.notFound();
    const { value: page } = await pagesOf(c.env.ARCHIVE, prefix, MOST_OBJECTS, c.req.query('cursor')).next();
    return c.json({ objects: page.objects.map(describe), ...(page.truncated && { cursor: page.cursor }) });
  });

  app.post('/replay', async (c) => {
    const {
      prefix,
      limit = MOST_OBJECTS,
      dryRun = false,
      cursor,
    } = ((await c.req.json().catch(() => null)) ?? {}) as Record<string, unknown>;
    const isLimit = typeof limit === 'number' && Number.isInteger(limit) && limit > 0 && limit <= MOST_OBJECTS;
    const isText = cursor === undefined || typeof cursor === 'string';
    if ((prefix !== 'dead' && prefix !== 'spill') || !isLimit || typeof dryRun !== 'boolean' || !isText) {
      const message = `Expected { "prefix": "dead" or "spill", "limit": 1 to ${MOST_OBJECTS}, "dryRun": true or false, "cursor": text }.`;
      return c.json({ success: false, reason: 'invalid_replay', message }, 400);
    }
    try {
      return c.json(await putBack(prefix, { limit, dryRun, cursor }, servicesOf(c.env).delivery));
    } catch (error) {
      log('error', 'not_put_back', {}, error);
      const message = `Not everything was put back, ask again: ${error instanceof Error ? error.message : String(error)}.`;
      return c.json({ success: false, reason: 'not_put_back', message }, 503);
    }
  });
}

async function summarize(archive: Bucket, prefix: Prefix): Promise<HeldSummary> {
  let [objects, bytes, rows, oldest] = [0, 0, 0, null as string | null];
  for await (const page of pagesOf(archive, prefix)) {
    for (const object of page.objects.map(describe)) {
      objects++;
      bytes += object.bytes;
      rows += object.rows;
      if (oldest === null || object.received_at < oldest) oldest = object.received_at;
    }
  }
  return { objects, bytes, rows, oldest };
}

function describe({ key, size, uploaded, customMetadata: about = {} }: BucketObject): HeldObject {
  return {
    key,
    bytes: size,
    rows: Number(about['count'] ?? 0),
    received_at: about['received_at'] ?? uploaded.toISOString(),
    write_key_id: about['write_key_id'] ?? null,
    delivery: about['delivery'] ?? null,
  };
}
