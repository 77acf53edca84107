/** An instant as text: ISO in UTC, at most six digits of fraction. */
const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;

/** `2026-01-31T09:30:00.123456Z` of microseconds since 1970; undefined beyond the years a JavaScript date knows. */
export function isoMicros(micros: bigint): string | undefined {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((micros - fraction) / 1000n));
  if (Number.isNaN(date.getTime())) return undefined;
  return `${date.toISOString().slice(0, -4)}${String(fraction).padStart(6, '0')}Z`;
}

/** Microseconds since 1970; undefined where the text is no instant in UTC. */
export function microsOf(iso: string): bigint | undefined {
  const [, seconds, fraction = ''] = ISO.exec(iso) ?? [];
  const milliseconds = seconds === undefined ? Number.NaN : Date.parse(`${seconds}Z`);
  return Number.isNaN(milliseconds) ? undefined : BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/**
 * The one form of an instant, with six digits of fraction, so that texts order as the instants do: `….123Z` of the edge
 * and `….123000Z` of a warehouse are one instant. Undefined where the text is none.
 */
export function canonicalInstant(iso: string): string | undefined {
  const micros = microsOf(iso);
  return micros === undefined ? undefined : isoMicros(micros);
}
