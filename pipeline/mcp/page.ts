import * as z from 'zod';
import { UserError } from '../config/user-error.ts';
import { AS_OF } from '../query/as-of.ts';
import type { OpenPublication } from '../query/publication.ts';
import { type ReportResult, runReport } from '../query/result.ts';
import type { ReportQuery } from '../query/schema.ts';
import type { McpContext } from './context.ts';
import { cursorOf, readCursor, type Start } from './cursor.ts';
import { keptAnswer } from './kept-answers.ts';
import { ROWS_IN_WORDS } from './markdown.ts';
import type { Meta } from './meta.ts';

/** Most rows of one page. */
export const MOST_ROWS = 1000;
/** Rows that a query itself can have: pages end there. */
export const MOST_ROWS_OF_ALL = 100_000;

/** Members of every question whose answer has pages. */
export const PAGED = {
  limit: z.int().min(1).max(MOST_ROWS).default(ROWS_IN_WORDS).describe('Rows of a page.'),
  cursor: z.string().optional().describe('meta.next_cursor of the page before, with the same query.'),
};
/** The publication that a question is asked of. */
export const OF_PUBLICATION = { as_of: AS_OF };

/** Which page is asked for, and how the one behind it is called. */
export interface Place {
  /** Of the first page: all pages see the same "last 28 days". */
  readonly now: Date;
  readonly start: Start | undefined;
  /** How many rows stand before the page. */
  readonly offset: number;
  readonly cursor: (start: Start) => string;
}

interface Asked {
  readonly as_of?: string | undefined;
  readonly cursor?: string | undefined;
}

/**
 * Answers a question from the publication it is asked of; of a cursor from the one that the first page was of, whatever has been
 * published since.
 * @throws UserError where there is none, where the cursor is of another query, or where its publication is no longer kept.
 */
export async function fromPublication<Result>(
  { reader, now }: Pick<McpContext, 'reader' | 'now'>,
  tool: string,
  query: Asked,
  work: (opened: OpenPublication, place: Place) => Promise<Result>,
): Promise<Result> {
  const before = query.cursor === undefined ? undefined : readCursor(tool, query, query.cursor);
  const asked_at = before?.asked_at ?? now().toISOString();
  const start = before?.start;
  const answer = (opened: OpenPublication) =>
    work(opened, {
      now: new Date(asked_at),
      start,
      offset: typeof start === 'number' ? start : 0,
      cursor: (next) => cursorOf(tool, query, { publication_id: opened.publication.publication_id, asked_at, start: next }),
    });
  if (before === undefined) return await reader.read(query.as_of, answer);
  try {
    return await reader.read(before.publication_id, answer);
  } catch (error) {
    if (!(error instanceof UserError) || !error.message.startsWith(`as of ${before.publication_id}:`)) throw error;
    throw new UserError(`cursor: the pages before are of the publication ${before.publication_id}, which is no longer kept: begin anew`, {
      exitCode: 2,
      cause: error,
    });
  }
}

/**
 * Asks a report for a page. The first page is asked alone: most questions have no other. Whoever goes on gets all rows in one go,
 * and the pages behind come from that answer.
 */
export function pagedReport({ warehouse, publication }: OpenPublication, query: ReportQuery, place: Place): Promise<ReportResult> {
  if (place.offset === 0) return runReport(warehouse, publication, query);
  const whole = { ...query, limit: MOST_ROWS_OF_ALL };
  return keptAnswer(publication, ['report', whole], () => runReport(warehouse, publication, whole));
}

/** The rows of a page, of all that were found before it and in it. @param all how many there are. */
export function pageOf<Row>(
  rows: readonly Row[],
  all: number,
  place: Pick<Place, 'offset' | 'cursor'>,
  limit: number,
): { readonly rows: readonly Row[]; readonly next_cursor: string | null } {
  const end = place.offset + limit;
  const hasMore = Math.min(all, MOST_ROWS_OF_ALL) > end;
  return { rows: rows.slice(place.offset, end), next_cursor: hasMore ? place.cursor(end) : null };
}

/** Where the page stands among all rows, in words, and what leads to the rows behind; empty where it shows them all. */
export function rowsInWords({ offset }: Pick<Place, 'offset'>, shown: number, { row_count, next_cursor }: Meta): string {
  if (row_count === 0) return 'No rows.';
  const inWords = Math.min(shown, ROWS_IN_WORDS);
  if (inWords === row_count) return '';
  const rest =
    shown > inWords
      ? ` The page has rows ${offset + 1} to ${offset + shown}, in structuredContent; limit ${ROWS_IN_WORDS} shows all rows of a page here.`
      : '';
  return `Rows ${offset + 1} to ${offset + inWords} of ${row_count} are shown here.${rest}${moreInWords(next_cursor)}`;
}

/** How to ask for the rows behind a page, for whoever reads the words alone. */
export const moreInWords = (next_cursor: string | null): string =>
  next_cursor === null ? '' : ` For more, ask the same with cursor: ${next_cursor}`;
