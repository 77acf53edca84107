import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { localDate } from '../config/calendar.ts';
import { UserError } from '../config/user-error.ts';
import { isDate } from './dates.ts';
import type { Publication } from './publication.ts';

/** An earlier publication that is asked for: its id, a local date, or an instant. */
export type AsOf =
  | { readonly kind: 'id'; readonly id: string }
  /** The last one published on or before that day, in the project time zone. */
  | { readonly kind: 'date'; readonly date: string }
  /** The last one published at or before that instant. */
  | { readonly kind: 'instant'; readonly at: number };

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;
const EXTENSION = '.duckdb';
/** So many ids stand in a message; `touchtrail publications` lists all. */
const SHOWN = 5;

/** The same as part of a query; whoever opens the publication reads it. */
export const AS_OF = z
  .string()
  .min(1)
  .optional()
  .describe('An earlier publication: its id, the date or the instant it was the last one of. Default: the last one.');

/** What a text asks for. @throws UserError (exit code 2) for a time that is none, or has no zone. */
export function asOfOf(text: string): AsOf {
  if (isDate(text)) return { kind: 'date', date: text };
  const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return { kind: 'instant', at };
  if (!/^\d{4}-/.test(text)) return { kind: 'id', id: text };
  throw new UserError(
    `as of ${JSON.stringify(text)}: expected the id of a publication, a date such as 2026-06-30 or an instant such as 2026-06-30T12:00:00Z`,
    { exitCode: 2 },
  );
}

/** Whether a publication is not later than what is asked for. */
export function isWithin(asOf: Exclude<AsOf, { kind: 'id' }>, { published_at, config }: Publication): boolean {
  return asOf.kind === 'instant' ? Date.parse(published_at) <= asOf.at : localDate(published_at, config.project.timeZone) <= asOf.date;
}

/** Ids of the publications in a folder up to the current one, latest first: what lies behind it was never published. */
export async function keptIds(folder: string, currentFile: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith(EXTENSION) && !name.startsWith('.') && name <= currentFile)
    .sort()
    .toReversed()
    .map((name) => name.slice(0, -EXTENSION.length));
}

/** The file of a publication. */
export const fileOf = (folder: string, id: string): string => path.join(folder, `${id}${EXTENSION}`);

/** The error for a publication that is not there (any more): it says which are. */
export function notKept(text: string, ids: readonly string[]): UserError {
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} earlier ones, down to ${ids.at(-1)!}` : '';
  return new UserError(
    `as of ${text}: no such publication is kept. There ${ids.length === 1 ? 'is' : 'are'} ${ids.slice(0, SHOWN).join(', ')}${more}: ` +
      'see `touchtrail publications`; how many are kept says `publications.keep` of the config',
    { exitCode: 2 },
  );
}
