/** What `GET /internal/held` says about one prefix of the archive: `spill`, `dead` or `invalid`. */
export interface HeldSummary {
  readonly objects: number;
  readonly bytes: number;
  /** Events and failed events, as far as the objects say it. */
  readonly rows: number;
  /** When the oldest was received; null where there is none. */
  readonly oldest: string | null;
}

/** One object of the archive, as `GET /internal/held/:prefix` lists it. */
export interface HeldObject {
  readonly key: string;
  readonly bytes: number;
  /** Events and failed events. */
  readonly rows: number;
  readonly received_at: string;
  /** Null for an object that cannot be read, as is `delivery`. */
  readonly write_key_id: string | null;
  /** `edge_instance` and `edge_sequence` of its rows, with a hyphen between. */
  readonly delivery: string | null;
}

/** What `POST /internal/replay` has put back into the queue, or would. */
export interface PutBack {
  readonly objects: number;
  /** Events and failed events. */
  readonly rows: number;
  readonly bytes: number;
  /** Objects that stay because they cannot be read. */
  readonly unreadable: readonly string[];
  /** Objects that stay because no message can hold them and the warehouse did not take them just now. */
  readonly waiting: readonly string[];
  /** Where to go on; absent at the end. */
  readonly cursor?: string;
}
