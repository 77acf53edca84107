/** What `GET /internal/status` says: which of the Worker's bindings and secrets are there, and whether it reaches the warehouse. */
export interface EdgeStatus {
  readonly queue: boolean;
  readonly archive: boolean;
  readonly addresses: boolean;
  readonly warehouse: WarehouseStatus;
}

/** Where the Worker delivers to, and what BigQuery answers to the account with which it does. */
export interface WarehouseStatus {
  /** `BIGQUERY_PROJECT` and `BIGQUERY_DATASET`; empty where they are not set. */
  readonly project: string;
  readonly dataset: string;
  /**
   * `ok` where the account finds the table `events_raw`; `unset` where a variable or the secret is missing; `account` where the
   * secret is no key file; `unreachable` without an answer; else the status of BigQuery's answer, such as `403`.
   */
  readonly outcome: string;
  /** The same in words. */
  readonly says: string;
}
