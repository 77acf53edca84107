/** What one request and one event may weigh; both sides of each limit are tested. Sizes are bytes of UTF-8. */
export const LIMITS = {
  /** One event as JSON; Segment's own limit, so that its clients know it. */
  eventBytes: 32 * 1024,
  /** The body of a batch or single event, on the wire and decompressed. */
  batchBytes: 500 * 1024,
  /** The body of an import, on the wire and decompressed. */
  importBytes: 5 * 1024 * 1024,
  /**
   * Events of one batch. The smallest useful ones take some 250 bytes, so a batch of real events reaches its bytes first; `{}` does
   * not: without a count, half a kilobyte of gzip would become 250,000 rows.
   */
  batchEvents: 2_000,
  /** Events of one import; at some 250 bytes each its bytes are reached first, too. */
  importEvents: 20_000,
  /** Nesting of one event. BigQuery stores at most 500 levels; recursive readers fail somewhere above 1,000. */
  depth: 100,
  /** Object members and array items of one event, counted through all levels. */
  members: 4_000,
  /** E-mail addresses of one event, whose hashes are ten times as long as the shortest addresses, and take long to make. */
  emails: 200,
  /** One event as it is stored, as JSON: a message of the queue takes 120,000 with its header and packing. */
  rowBytes: 118_000,
  /** What is kept of a rejected payload, written as JSON: a quote and a line feed take two bytes, a control character six. */
  failedPayloadBytes: 32 * 1024,
  userAgentCharacters: 1_024,
} as const;
