/** What stands in a cell without a value: never 0, never "Infinity". */
export const EMPTY = '—';

/** How a figure is written. `ratio`: 3.42; `percent`: 12.3%; `change`: +12%; `decimal`: fractional conversions, whole where they are. */
export type FigureKind = 'count' | 'decimal' | 'money' | 'percent' | 'ratio' | 'change';

/**
 * Writes figures in the project's currency.
 * @param whole leaves the cents out, for tables of large amounts.
 */
export function figureFormat(currency: string): (value: number | null, kind: FigureKind, whole?: boolean) => string {
  const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
  const decimal = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const change = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' });
  const money = new Intl.NumberFormat('en', { style: 'currency', currency });
  const wholeMoney = new Intl.NumberFormat('en', { style: 'currency', currency, minimumFractionDigits: 0, maximumFractionDigits: 0 });
  return (value, kind, whole = false) => {
    if (value === null) return EMPTY;
    switch (kind) {
      case 'count':
        return count.format(value);
      case 'decimal':
        return whole ? count.format(value) : decimal.format(value);
      case 'money':
        return (whole ? wholeMoney : money).format(value);
      case 'percent':
        return percent.format(value);
      case 'ratio':
        return decimal.format(value);
      case 'change':
        return change.format(value);
    }
  };
}

// ICU writes "Sept" in British English, three letters in all other months: columns should not move for it.
const day = (parts: Record<string, string>) => `${parts.day} ${parts.month?.slice(0, 3)} ${parts.year}`;

/**
 * Writes instants in the project's time zone: `time` "Wed 4 Mar 2026 14:05", `day` "4 Mar 2026", `clock` "14:05".
 * @param other writes a text that is no instant.
 */
export function timeFormat(
  timeZone: string,
  other: (text: string) => string = (text) => text,
): Record<'time' | 'day' | 'clock', (instant: string) => string> {
  const formatter = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const partsOf = (instant: string): Record<string, string> => {
    const date = new Date(instant);
    if (Number.isNaN(date.getTime())) return {};
    return Object.fromEntries(formatter.formatToParts(date).map((part) => [part.type, part.value]));
  };
  const written = (write: (parts: Record<string, string>) => string) => (instant: string) => {
    const parts = partsOf(instant);
    return parts.day ? write(parts) : other(instant);
  };
  return {
    time: written((parts) => `${parts.weekday} ${day(parts)} ${parts.hour}:${parts.minute}`),
    day: written(day),
    clock: written((parts) => `${parts.hour}:${parts.minute}`),
  };
}

/** A date as readers write it, 2026-03-04 → "4 Mar 2026". Dates have no zone. */
export function dayText(date: string): string {
  return timeFormat('UTC').day(`${date}T00:00:00Z`);
}

/** A date of a report by day, week or month: "4 Mar 2026", "Mar 2026". */
export function dateText(date: string, interval: 'day' | 'week' | 'month'): string {
  const text = dayText(date);
  return interval === 'month' ? text.slice(text.indexOf(' ') + 1) : text;
}

/** A time between two steps: "45s", "3m 20s", "2h 05m", "3d 4h". */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${two(minutes)}m`;
  return minutes > 0 ? `${minutes}m ${two(whole % 60)}s` : `${whole}s`;
}

const two = (part: number): string => String(part).padStart(2, '0');
