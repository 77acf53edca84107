import { createHash } from 'node:crypto';
import * as z from 'zod';
import { canonicalJson } from '../../edge/contract/canonical-json.ts';
import { UserError } from '../config/user-error.ts';

/** Where a page begins: behind so many rows, or behind what the query below calls `next`. */
export type Start = number | string;

/** What a cursor holds. It is no secret: whoever has it may ask for every page anyway. */
const Payload = z.strictObject({
  tool: z.string(),
  /** Hash of the query; its limit may change from page to page. */
  query: z.string(),
  publication_id: z.string(),
  /** When the first page was asked for: a period such as "28d" stays the same. */
  asked_at: z.iso.datetime(),
  start: z.union([z.int().min(0), z.string()]),
});
export type CursorPayload = z.infer<typeof Payload>;

const hashOf = (query: object): string =>
  createHash('sha256')
    .update(canonicalJson({ ...query, cursor: undefined, limit: undefined }))
    .digest('base64url')
    .slice(0, 22);

/** The cursor of a page behind the one that was asked for. */
export function cursorOf(tool: string, query: object, rest: Pick<CursorPayload, 'publication_id' | 'asked_at' | 'start'>): string {
  const payload: CursorPayload = { tool, query: hashOf(query), ...rest };
  return Buffer.from(JSON.stringify(payload)).toString('base64url');
}

/** @throws UserError (exit code 2) for a text that is no cursor, and for one of another query. */
export function readCursor(tool: string, query: object, cursor: string): CursorPayload {
  const parsed = Payload.safeParse(jsonOf(Buffer.from(cursor, 'base64url').toString()));
  if (!parsed.success) throw new UserError('cursor: expected meta.next_cursor of the page before, as it was', { exitCode: 2 });
  const { data } = parsed;
  if (data.tool !== tool)
    throw new UserError(`cursor: it is of ${data.tool}, and this is ${tool}; leave it out to begin anew`, { exitCode: 2 });
  if (data.query !== hashOf(query)) {
    throw new UserError(
      'cursor: it is of another query; ask the same one as for the page before (only limit may differ), or leave it out',
      {
        exitCode: 2,
      },
    );
  }
  return data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
