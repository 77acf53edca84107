/** Why BigQuery refused a row: https://cloud.google.com/bigquery/docs/error-messages */
export interface RowError {
  readonly reason?: string;
  readonly location?: string;
  readonly message?: string;
}

/** What an answer to `insertAll` means. */
export type Answer =
  /** Rows without errors are stored if no row has any; otherwise none is. */
  | { readonly kind: 'taken'; readonly errors: ReadonlyMap<number, readonly RowError[]> }
  | { readonly kind: 'too_large'; readonly detail: string }
  /** One of the rows may be why, or the request as a whole. */
  | { readonly kind: 'refused'; readonly reason?: string | undefined; readonly detail: string }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'later'; readonly reason: string; readonly detail?: string; readonly afterSeconds?: number | undefined };

/** @param body undefined where it could not be read to its end. */
export function readAnswer(status: number, body: string, retryAfter: string | null, now: number): Answer {
  const json = parse(body);
  if (status === 200) {
    // Something else than BigQuery has answered: nothing is known.
    if (json?.kind !== 'bigquery#tableDataInsertAllResponse') return { kind: 'later', reason: 'unreadable_answer' };
    return { kind: 'taken', errors: new Map((json.insertErrors ?? []).map(({ index, errors }) => [index ?? 0, errors ?? []])) };
  }
  const detail = json?.error?.message ?? body.slice(0, 300);
  if (status === 413) return { kind: 'too_large', detail };
  if (status === 400) return { kind: 'refused', reason: json?.error?.errors?.[0]?.reason, detail };
  if (status === 401) return { kind: 'unauthorized' };
  return { kind: 'later', reason: `status_${status}`, detail, afterSeconds: secondsOf(retryAfter, now) };
}

interface Body {
  readonly kind?: string;
  readonly insertErrors?: readonly { readonly index?: number; readonly errors?: readonly RowError[] }[];
  readonly error?: { readonly message?: string; readonly errors?: readonly RowError[] };
}

function parse(text: string): Body | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds or a date: RFC 9110 §10.2.3. */
function secondsOf(retryAfter: string | null, now: number): number | undefined {
  if (retryAfter === null) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000;
  return seconds > 0 ? Math.ceil(seconds) : undefined;
}

/** Words of a table whose new columns are not seen everywhere yet, which takes minutes. */
const SCHEMA_LAG = /no such field|unknown field|schema mismatch|schema update/i;

/**
 * What the errors of one row mean. `stopped` rows were not looked at, because another one was bad. Only what is plainly the row's
 * own fault is `invalid`: all else may pass.
 */
export function judgeRow(errors: readonly RowError[]): 'stopped' | 'invalid' | 'later' {
  const own = errors.filter(({ reason }) => reason !== 'stopped');
  if (own.length === 0) return 'stopped';
  const isInvalid = ({ reason = '', message = '' }: RowError) => reason.startsWith('invalid') && !SCHEMA_LAG.test(message);
  return own.every(isInvalid) ? 'invalid' : 'later';
}

/** The errors of one row in words. */
export function wordsOf(errors: readonly RowError[]): string {
  return errors.map(({ reason, location, message }) => [reason, location, message].filter(Boolean).join(': ')).join('; ');
}
