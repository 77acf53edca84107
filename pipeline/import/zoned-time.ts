/** Date and time as clocks of some zone show them. */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 to 999,999. */
  readonly microsecond: number;
}

const DAY_MS = 86_400_000;

/** Milliseconds since 1970 as if the clocks were those of UTC; undefined for a date or time that does not exist. */
export function asUtc({ year, month, day, hour, minute, second, microsecond }: WallTime): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return date.setUTCHours(hour, minute, second, Math.trunc(microsecond / 1000));
}

/**
 * When clocks of a zone show a time, in milliseconds since 1970. Of an hour that comes twice the first one counts; a time in an hour
 * that is left out is read with the offset before it (as Temporal's `compatible`).
 * @param utc the time as if the clocks were those of UTC.
 * @param zone an IANA name.
 */
export function inZone(utc: number, zone: string): number {
  if (zone === 'UTC') return utc;
  const before = offsetAt(utc - DAY_MS, zone);
  const after = offsetAt(utc + DAY_MS, zone);
  const instants = [utc - before, utc - after].toSorted((a, b) => a - b);
  return instants.find((instant) => instant + offsetAt(instant, zone) === utc) ?? utc - before;
}

/** How far the clocks of a zone are ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  const whole = Math.floor(instant / 1000) * 1000;
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(whole)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute, second } = parts as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
  const shown = new Date(0);
  shown.setUTCFullYear(year, month - 1, day);
  return shown.setUTCHours(hour, minute, second) - whole;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes far longer than using it. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    const two = '2-digit';
    const clock = { hour: two, minute: two, second: two, hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en', { timeZone: zone, year: 'numeric', month: two, day: two, ...clock });
    formats.set(zone, format);
  }
  return format;
}

/** Whether this is the name of a time zone. */
export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
