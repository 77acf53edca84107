import type { WriteKeyKind } from '../contract/write-key.ts';

/** A point in time: milliseconds since 1970, and as it is stored (ISO 8601, UTC, three or six digits of fraction). */
export interface Instant {
  readonly ms: number;
  readonly iso: string;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** As browsers write a time, and as it is stored. (Days that not every month has are left to the calendar.) */
const STORED = /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * Reads a time as clients write it: ISO 8601 (without an offset it is UTC, to the microsecond) or a number of milliseconds or
 * seconds since 1970.
 * @returns undefined for anything else, for dates that do not exist, and outside of years 1 to 9999.
 */
export function parseInstant(value: unknown): Instant | undefined {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value !== 'string') return undefined;
  if (STORED.test(value)) return { ms: storedMs(value), iso: value };
  const text = value.trim();
  if (/^\d{9,13}$/.test(text)) return fromNumber(Number(text));
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const fraction = (match[7] ?? '').padEnd(6, '0');
  // 23:59:60 is a leap second; its instant is that of the following second.
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  const exists = local.getUTCMonth() === month - 1 && local.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || second > 60) return undefined;
  local.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3)));
  return toInstant(local.getTime() - offsetMs(match[8]), fraction.slice(3, 6));
}

/** The last day that was read, and when it began: the platform's reader takes longer than all else that is done with a time. */
let day = '';
let dayMs = Number.NaN;

/** @param text of the form {@link STORED}. */
function storedMs(text: string): number {
  if (day === '' || !text.startsWith(day)) {
    day = text.slice(0, 'yyyy-mm-dd'.length);
    dayMs = Date.parse(day);
  }
  return (
    dayMs +
    ((twoDigits(text, 11) * 60 + twoDigits(text, 14)) * 60 + twoDigits(text, 17)) * 1_000 +
    twoDigits(text, 20) * 10 +
    (text.charCodeAt(22) - ZERO)
  );
}

const ZERO = '0'.charCodeAt(0);
const twoDigits = (text: string, at: number): number => (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;

function offsetMs(offset: string | undefined): number {
  if (!offset || /^z$/i.test(offset)) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3).replace(':', '') || 0);
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** Below this a number counts seconds: as milliseconds it would lie in 1973. */
const FEWEST_MILLISECONDS = 1e11;

function fromNumber(value: number): Instant | undefined {
  return Number.isFinite(value) && value > 0 ? toInstant(Math.round(value < FEWEST_MILLISECONDS ? value * 1000 : value)) : undefined;
}

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

function toInstant(ms: number, microseconds = ''): Instant | undefined {
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) return undefined;
  const iso = isoText(ms);
  return { ms, iso: microseconds === '' || microseconds === '000' ? iso : `${iso.slice(0, -1)}${microseconds}Z` };
}

/** The last day that was written, with what stands behind it: the events of a request lie close together, and calendars are slow. */
let writtenDay = Number.NaN;
let beginning = '';
/** `00` to `99`. */
const PAIRS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

function isoText(ms: number): string {
  const time = ((ms % DAY_MS) + DAY_MS) % DAY_MS;
  if (ms - time !== writtenDay) {
    writtenDay = ms - time;
    beginning = new Date(writtenDay).toISOString().slice(0, 'yyyy-mm-ddT'.length);
  }
  const second = Math.floor(time / 1_000);
  const minute = Math.floor(second / 60);
  const milliseconds = time % 1_000;
  // Joined, because JSON.stringify takes twice as long over an object that holds a text put together by an operator.
  return [
    beginning,
    PAIRS[Math.floor(minute / 60)],
    ':',
    PAIRS[minute % 60],
    ':',
    PAIRS[second % 60],
    '.',
    PAIRS[Math.floor(milliseconds / 10)],
    milliseconds % 10,
    'Z',
  ].join('');
}

/**
 * Days that an event may plausibly have waited on the client; beyond it a clock was set in between. Browser keys are public, and who
 * reads one could write history: an event of a visitor who was offline for longer keeps its place in time no more, but counts.
 */
const LONGEST_WAIT: Readonly<Record<WriteKeyKind, number>> = { browser: 30, server: 366 };

/**
 * When a live event happened: `received_at − (sent_at − original_timestamp)`, which cancels the error of the client's clock.
 * Where a part is missing or the wait is implausible, `received_at`; a result in the future is clamped to `received_at`.
 * @param kind of the key that it came with.
 * Source: https://segment.com/docs/connections/spec/common/#timestamps
 */
export function occurredAt(receivedAt: Instant, sentAt: Instant | undefined, original: Instant | undefined, kind: WriteKeyKind): Instant {
  if (!sentAt || !original) return receivedAt;
  const wait = sentAt.ms - original.ms;
  if (wait <= 0 || wait > LONGEST_WAIT[kind] * DAY_MS) return receivedAt;
  return toInstant(receivedAt.ms - wait) ?? receivedAt;
}
