import type { FinishedQuery, Page, QueryJob } from '../api.ts';

/** What a dataset answers that a plan may read and not change: one page. @throws Error where the statement would write. */
export function readOnly({ query }: QueryJob, bytes: number, page: Page): FinishedQuery {
  if (!/^\s*(select|with)\b/.test(query)) throw new Error(`a plan must not write: ${query}`);
  return {
    bytes,
    billedBytes: bytes,
    inserted: 0,
    updated: 0,
    deleted: 0,
    async *pages() {
      yield page;
    },
  };
}

/** A load that a plan must not begin. */
export async function refuseLoad(): Promise<number> {
  throw new Error('a plan must not load');
}
