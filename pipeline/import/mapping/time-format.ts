import { asUtc, inZone, type WallTime } from '../zoned-time.ts';

/** Reads a time as a source writes it: ISO 8601 in UTC, with as many digits as it has; undefined where it is none in this format. */
export type TimeReader = (value: unknown) => string | undefined;

/** Formats that are no patterns. */
export const NAMED_TIME_FORMATS = ['iso', 'unix_seconds', 'unix_milliseconds', 'unix_microseconds'] as const;

/** Parts of a pattern, longest first, each with what it matches. */
const TOKENS = [
  ['yyyy', '\\d{4}'],
  ['yy', '\\d{2}'],
  ['MMM', '[A-Za-z]{3,9}\\.?'],
  ['MM', '\\d{2}'],
  ['M', '\\d{1,2}'],
  ['dd', '\\d{2}'],
  ['d', '\\d{1,2}'],
  ['HH', '\\d{2}'],
  ['H', '\\d{1,2}'],
  ['hh', '\\d{2}'],
  ['h', '\\d{1,2}'],
  ['mm', '\\d{2}'],
  ['ss', '\\d{2}'],
  ['SSS', '\\d{1,9}'],
  ['a', '[AaPp]\\.?[Mm]\\.?'],
  ['XXX', 'Z|[+-]\\d\\d:?\\d\\d'],
] as const;
type Token = (typeof TOKENS)[number][0];

/** What a pattern may hold, for messages. */
export const TIME_TOKENS: readonly Token[] = TOKENS.map(([token]) => token);

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * A reader of times.
 * @param format `iso` (also seconds or milliseconds since 1970, as the edge reads them), `unix_seconds`, `unix_milliseconds`,
 *   `unix_microseconds`, or a pattern of {@link TIME_TOKENS} such as `dd.MM.yyyy HH:mm`.
 * @param zone in which times stand that have no offset of their own; an IANA name.
 * @throws RangeError saying what is wrong with the format.
 */
export function timeReader(format: string, zone: string): TimeReader {
  if (format === 'iso') return (value) => isoTime(value, zone);
  if (format === 'unix_seconds') return (value) => unixTime(value, 1_000_000);
  if (format === 'unix_milliseconds') return (value) => unixTime(value, 1000);
  if (format === 'unix_microseconds') return (value) => unixTime(value, 1);
  return patternReader(format, zone);
}

function isoTime(value: unknown, zone: string): string | undefined {
  if (typeof value === 'number') return unixTime(value, unitOf(value));
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  // As text, not as a number: a fraction keeps all its digits.
  if (/^\d{9,13}(?:\.\d+)?$/.test(text)) return unixTime(text, unitOf(Number(text)));
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
  return written({ year, month, day, hour, minute, second, microsecond: microseconds(match[7]) }, match[8], zone);
}

/** Microseconds of one: below 1e11 a number counts seconds (as milliseconds it would lie in 1973), as the edge reads it. */
const unitOf = (number: number): number => (number < 1e11 ? 1_000_000 : 1000);

/** @param unit microseconds of one. */
function unixTime(value: unknown, unit: number): string | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  const match = /^(\d{1,16})(?:\.(\d+))?$/.exec(text);
  if (!match) return undefined;
  // Fractions of seconds count; microseconds have none.
  const fraction = BigInt((match[2] ?? '').padEnd(6, '0').slice(0, 6)) * BigInt(unit);
  return ofMicroseconds(BigInt(match[1]!) * BigInt(unit) + fraction / 1_000_000n);
}

/** ISO 8601 with microseconds; undefined before 1970 and after 9999. */
export function ofMicroseconds(micros: bigint): string | undefined {
  const ms = Number(micros / 1000n);
  if (micros < 0n || ms > Date.UTC(9999, 11, 31, 23, 59, 59, 999)) return undefined;
  const rest = Number(micros % 1000n);
  const iso = new Date(ms).toISOString();
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

function patternReader(format: string, zone: string): TimeReader {
  const tokens: Token[] = [];
  let pattern = '';
  for (let rest = format; rest !== '';) {
    const known = TOKENS.find(([token]) => rest.startsWith(token));
    if (known) {
      tokens.push(known[0]);
      pattern += `(${known[1]})`;
      rest = rest.slice(known[0].length);
      continue;
    }
    const quoted = /^'([^']*)'/.exec(rest);
    const literal = quoted ? quoted[1]! : rest[0]!;
    if (!quoted && /[a-z]/i.test(literal) && literal !== 'T' && literal !== 'Z') {
      throw new RangeError(`"${literal}" is no part of a time; expected ${TIME_TOKENS.join(' ')}, and other letters in quotes: 'at'`);
    }
    pattern += literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
    rest = rest.slice(quoted ? quoted[0].length : 1);
  }
  const has = (...wanted: readonly Token[]) => wanted.some((token) => tokens.includes(token));
  if (!has('yyyy', 'yy') || !has('MMM', 'MM', 'M') || !has('dd', 'd'))
    throw new RangeError('expected a pattern with year, month and day, such as dd.MM.yyyy HH:mm');
  if (has('hh', 'h') && !has('a')) throw new RangeError('"h" counts to twelve: expected "a" (AM, PM) beside it, or "H"');
  const expression = new RegExp(`^${pattern}$`);
  // A Z in the pattern itself says UTC.
  const own = /Z/.test(format.replaceAll(/'[^']*'/g, '')) ? 'Z' : undefined;
  return (value) => {
    const match = expression.exec(typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '');
    if (!match) return undefined;
    const parts = new Map(tokens.map((token, i) => [token, match[i + 1]!]));
    const time = wallTime(parts);
    return time && written(time, parts.get('XXX') ?? own, zone);
  };
}

function wallTime(parts: ReadonlyMap<Token, string>): WallTime | undefined {
  const number = (...tokens: readonly Token[]): number =>
    Number(tokens.map((token) => parts.get(token)).find((part) => part !== undefined) ?? 0);
  const name = parts.get('MMM')?.slice(0, 3).toLowerCase();
  const month = name === undefined ? number('MM', 'M') : MONTHS.indexOf(name) + 1;
  const short = parts.get('yy');
  // POSIX: 69 to 99 are of the last century.
  const year = short === undefined ? number('yyyy') : Number(short) + (Number(short) >= 69 ? 1900 : 2000);
  const half = parts.get('a');
  const twelve = number('hh', 'h');
  if (half !== undefined && (twelve < 1 || twelve > 12)) return undefined;
  const hour = half === undefined ? number('HH', 'H') : (twelve % 12) + (/^p/i.test(half) ? 12 : 0);
  return {
    year,
    month,
    day: number('dd', 'd'),
    hour,
    minute: number('mm'),
    second: number('ss'),
    microsecond: microseconds(parts.get('SSS')),
  };
}

const microseconds = (fraction: string | undefined): number => Number((fraction ?? '').padEnd(6, '0').slice(0, 6));

function written(time: WallTime, offset: string | undefined, zone: string): string | undefined {
  const utc = asUtc(time);
  if (utc === undefined) return undefined;
  const ms = offset === undefined ? inZone(utc, zone) : utc - offsetMs(offset);
  return ms < 0 ? undefined : ofMicroseconds(BigInt(ms) * 1000n + BigInt(time.microsecond % 1000));
}

function offsetMs(offset: string): number {
  if (/^(?:z|utc)$/i.test(offset)) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3).replace(':', '') || 0);
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000;
}
