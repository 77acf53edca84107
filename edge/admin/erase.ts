import type { Hono } from 'hono/tiny';
import * as z from 'zod/mini';
import { type ErasedHeld, type ErasedLine, erasedLine, judgeOf, type LineJudge, namesErasedPerson } from '../contract/erased-lines.ts';
import { pagesOf, patiently, PREFIXES, type Prefix } from '../delivery/archive.ts';
import { log } from '../log.ts';
import type { Bucket, BucketObject } from '../platform.ts';
import type { Environment } from '../services.ts';

/** Objects of one call: all of their bodies are read. */
const MOST_OBJECTS = 100;

const identifiers = z.array(z.string().check(z.minLength(1))).check(z.maxLength(10_000));
const Request = z.object({
  prefix: z.enum(PREFIXES),
  ids: z.object({ anonymous_id: identifiers, user_id: identifiers, email_hash: identifiers }),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(MOST_OBJECTS))),
  cursor: z.optional(z.string()),
});

/**
 * `POST /internal/erase` with `{ prefix, ids, limit, cursor }` takes the rows of persons out of one page of the archive. What is
 * held goes back into the queue later, with the places of the other rows unchanged.
 */
export function createEraseAdmin(app: Hono<{ Bindings: Environment }>): void {
  app.post('/erase', async (c) => {
    const request = Request.safeParse(await c.req.json().catch(() => null));
    if (!request.success) {
      const message = `Expected { "prefix": one of ${PREFIXES.join(', ')}, "ids": { "anonymous_id", "user_id", "email_hash": lists of texts }, "limit": 1 to ${MOST_OBJECTS}, "cursor": text }.`;
      return c.json({ success: false, reason: 'invalid_erase', message }, 400);
    }
    const { prefix, ids, limit = MOST_OBJECTS, cursor } = request.data;
    if (!c.env.ARCHIVE) return c.json({ objects: 0, erased: [], unreadable: [] } satisfies ErasedHeld);
    try {
      return c.json(await eraseHeld(c.env.ARCHIVE, prefix, judgeOf(ids), { limit, cursor }));
    } catch (error) {
      log('error', 'not_erased', {}, error);
      const message = `Not everything was erased, ask again: ${error instanceof Error ? error.message : String(error)}.`;
      return c.json({ success: false, reason: 'not_erased', message }, 503);
    }
  });
}

async function eraseHeld(
  archive: Bucket,
  prefix: Prefix,
  judge: LineJudge,
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Promise<ErasedHeld> {
  const { value: page } = (await pagesOf(archive, prefix, limit, cursor).next()) as { value: Awaited<ReturnType<Bucket['list']>> };
  const erased: ErasedLine[] = [];
  const unreadable: string[] = [];
  let objects = 0;
  for (const object of page.objects) {
    const body = await patiently(archive.get(object.key));
    // Gone: it was put back.
    if (!body) continue;
    const text = await patiently(body.text());
    const isChanged =
      prefix === 'invalid'
        ? await eraseRow(archive, object, text, judge)
        : await eraseLines(archive, object, text, judge, erased, unreadable);
    if (isChanged) objects++;
  }
  return { objects, erased, unreadable, ...(page.truncated && page.cursor !== undefined && { cursor: page.cursor }) };
}

/** The original of a refused row: the warehouse has what is accounted for. */
async function eraseRow(archive: Bucket, { key }: BucketObject, text: string, judge: LineJudge): Promise<boolean> {
  if (!namesErasedPerson(`{"event":${text}`, judge) && !namesErasedPerson(text, { ...judge, isErased: () => false })) return false;
  await patiently(archive.delete(key));
  return true;
}

/** Lines become empty, so that those that stay keep their places, by which copies are told; the header stays. */
async function eraseLines(
  archive: Bucket,
  { key, customMetadata = {} }: BucketObject,
  text: string,
  judge: LineJudge,
  erased: ErasedLine[],
  unreadable: string[],
): Promise<boolean> {
  const lines = text.split('\n');
  const named = lines.map((line) => line !== '' && namesErasedPerson(line, judge));
  if (!named.includes(true)) return false;
  const rows = lines.filter((_, i) => named[i]).map(erasedLine);
  if (rows.includes(undefined)) {
    unreadable.push(key);
    return false;
  }
  const kept = lines
    .map((line, i) => (named[i] ? '' : line))
    .join('\n')
    .trimEnd();
  if (kept === '') await patiently(archive.delete(key));
  else {
    const count = String(Math.max(0, Number(customMetadata['count'] ?? rows.length) - rows.length));
    await patiently(archive.put(key, kept, { customMetadata: { ...customMetadata, count } }));
  }
  erased.push(...(rows as ErasedLine[]));
  return true;
}
