/** The calendar date of an instant in an IANA time zone, YYYY-MM-DD. */
export function localDate(instant: string | number | Date, timeZone: string): string {
  const { year, month, day } = clockReading(instant, timeZone);
  return `${year.padStart(4, '0')}-${month}-${day}`;
}

/** Adds days to a date. Dates have no zone, so neither has the arithmetic. */
export function addDays(date: string, days: number): string {
  const instant = new Date(`${date}T00:00:00Z`);
  instant.setUTCDate(instant.getUTCDate() + days);
  return instant.toISOString().slice(0, 10);
}

/** What calendar and clock show, each part with two digits, the year with its own. */
export type ClockReading = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute', string>>;

/** What calendar and clock of a time zone show at an instant. */
export function clockReading(instant: string | number | Date, timeZone: string): ClockReading {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(new Date(instant))
      .map(({ type, value }) => [type, value]),
  );
  return parts as Record<keyof ClockReading, string>;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes far longer than using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  formats.set(timeZone, format);
  return format;
}
