import { LIMITS } from './limits.ts';

interface Rejection {
  /** Whether the whole request is refused (with an HTTP status) or one event of it (within a 200). */
  readonly scope: 'request' | 'event';
  readonly status: number;
  /** What is wrong and what to do, for the person who reads the answer. */
  readonly words: string;
}

/**
 * Every reason for which the edge refuses something. Clients drop what is answered with 4xx and send again what is answered
 * with 503 or 429 (measured on the Segment and RudderStack clients), so other 4xx stand only for what can never succeed.
 */
export const REJECTIONS = {
  body_too_large: {
    scope: 'request',
    status: 413,
    words: `The body is too large: at most ${LIMITS.batchBytes} bytes, for /v1/import ${LIMITS.importBytes}, also after decompression. Send smaller batches.`,
  },
  too_many_events: {
    scope: 'request',
    status: 413,
    words: `The body holds too many events: at most ${LIMITS.batchEvents}, for /v1/import ${LIMITS.importEvents}. Send smaller batches.`,
  },
  unsupported_encoding: {
    scope: 'request',
    status: 415,
    words: 'The body is compressed in a way that is not supported: use gzip or none.',
  },
  invalid_gzip: { scope: 'request', status: 400, words: 'The body begins like gzip but cannot be decompressed: it is cut off or damaged.' },
  invalid_utf8: { scope: 'request', status: 400, words: 'The body is not valid UTF-8.' },
  invalid_json: { scope: 'request', status: 400, words: 'The body is not valid JSON.' },
  invalid_body: {
    scope: 'request',
    status: 400,
    words:
      'The body is not what this route takes: an event object, or for /v1/batch and /v1/import an object whose "batch" is an array of events.',
  },
  missing_write_key: {
    scope: 'request',
    status: 401,
    words: 'No write key: send it as user name of HTTP Basic authentication, in the header X-Write-Key, or as "writeKey" in the body.',
  },
  unknown_write_key: {
    scope: 'request',
    status: 401,
    words: 'The write key is not known or was revoked. `touchtrail keys list` shows the keys of this project.',
  },
  server_key_required: {
    scope: 'request',
    status: 403,
    words:
      'Importing takes a server key: a browser key is public, and whoever reads it on the site could write history. Create one with `touchtrail keys create --kind server`.',
  },
  write_key_paused: {
    scope: 'request',
    status: 403,
    words: 'The write key is paused: nothing that comes with it is stored. `touchtrail keys update <id> --resume` ends that.',
  },
  origin_not_allowed: {
    scope: 'request',
    status: 403,
    words:
      'The write key is not for pages of this origin. The events are kept in failed_events; `touchtrail keys update <id> --origin <origin>` changes the list.',
  },
  rate_limited: {
    scope: 'request',
    status: 429,
    words:
      'More events come with this write key than it may send. Nothing of this request was stored: send it again after Retry-After seconds.',
  },
  not_stored: { scope: 'request', status: 503, words: 'The events could not be stored just now. Send the same request again.' },

  not_an_object: { scope: 'event', status: 200, words: 'An event must be a JSON object.' },
  event_too_large: { scope: 'event', status: 200, words: `An event may hold at most ${LIMITS.eventBytes} bytes of JSON.` },
  too_deep: { scope: 'event', status: 200, words: `An event may be nested at most ${LIMITS.depth} levels deep.` },
  too_many_members: { scope: 'event', status: 200, words: `An event may hold at most ${LIMITS.members} members and items.` },
  missing_field: { scope: 'event', status: 200, words: 'A required field is missing.' },
  invalid_value: { scope: 'event', status: 200, words: 'A field has a value that is not accepted.' },
  unsafe_number: {
    scope: 'event',
    status: 200,
    words: 'An id is a number that JSON numbers cannot keep exactly, so that different ids would become one: send ids as text.',
  },
  missing_identity: { scope: 'event', status: 200, words: 'An event needs an anonymousId or a userId: without one it belongs to nobody.' },
  invalid_timestamp: {
    scope: 'event',
    status: 200,
    words: 'An imported event needs "timestamp": an ISO 8601 time such as "2026-01-31T09:30:00Z", not before 1970 and not in the future.',
  },
} as const satisfies Record<string, Rejection>;

/** Any reason of {@link REJECTIONS}. */
export type RejectionReason = keyof typeof REJECTIONS;
type Scoped<Scope> = { [Reason in RejectionReason]: (typeof REJECTIONS)[Reason]['scope'] extends Scope ? Reason : never }[RejectionReason];
/** The reasons for which a whole request is refused. */
export type RequestRejectionReason = Scoped<'request'>;
/** The reasons for which one event of a request is refused. */
export type EventRejectionReason = Scoped<'event'>;

/** Ends the handling of a request: the route answers with the status and words of the reason. */
export class RequestRejected extends Error {
  readonly reason: RequestRejectionReason;
  /** What could be read of the body, to be kept beside the reason; not yet cleaned. */
  readonly payload: string | undefined;
  /** What exactly was wrong, in addition to the words of the reason. */
  readonly detail: string | undefined;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(
    reason: RequestRejectionReason,
    { payload, detail, retryAfter, cause }: { payload?: string; detail?: string; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(REJECTIONS[reason].words, { cause });
    this.name = 'RequestRejected';
    this.reason = reason;
    this.payload = payload;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/** Why one event was refused and where in it. */
export interface EventRejection {
  /** That of a request where all its events are refused with it and kept. */
  readonly reason: RejectionReason;
  /** Dotted path inside the event; null where the event as a whole is meant. */
  readonly path: string | null;
  /** In words, with what was expected. */
  readonly detail: string;
}

/** An {@link EventRejection} in the table's own words, or in more exact ones. */
export function rejectEvent(
  reason: RejectionReason,
  path: string | null = null,
  detail: string = REJECTIONS[reason].words,
): EventRejection {
  return { reason, path, detail };
}
