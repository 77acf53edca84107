/** What the edge's import route takes at once, below its own limits by the brackets around the events. */
export const IMPORT_LIMITS = {
  /** Body of one request, in bytes of UTF-8. */
  bytes: 5 * 1024 * 1024,
  events: 20_000,
  /** How far a time may lie ahead of now: the clock of an exporting system may run ahead by a little. */
  aheadMs: 24 * 3_600_000,
} as const;
