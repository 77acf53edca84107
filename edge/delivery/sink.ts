/** The tables of the warehouse that the edge writes; it only ever appends. */
export type Table = 'events_raw' | 'failed_events' | 'deliveries';

/** A row for the warehouse. */
export interface SinkRow {
  /** Same for each attempt, unlike that of any other row of its table: by it a warehouse may drop a copy. */
  readonly id: string;
  /** The row as JSON. */
  readonly text: string;
}

/** What became of one row. */
export type Outcome =
  | { readonly status: 'stored' }
  /** Not stored, as far as is known, for a reason that may pass. `reason` is a word for counters. */
  | { readonly status: 'retry'; readonly reason: string; readonly afterSeconds?: number | undefined }
  /** Refused for what the row is: it would be refused again. `detail` is in the warehouse's words. */
  | { readonly status: 'invalid'; readonly detail: string };

/**
 * Writes to a warehouse. Exactly one outcome per row, in their order, and never a rejection: a row without an outcome would be one
 * that nobody answers for.
 */
export interface Sink {
  write(table: Table, rows: readonly SinkRow[]): Promise<readonly Outcome[]>;
}
