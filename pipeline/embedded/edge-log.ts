/**
 * A line of the edge's log, which is JSON, as the operator reads it: `edge: not_stored: Error: the landing zone answered 500`.
 * Lines of others, such as those of the runtime, stay as they are.
 */
export function readableLogLine(message: string): string {
  const parsed = parse(message);
  if (!parsed) return `edge: ${message}`;
  const { level: _, event, error, message: words, ...fields } = parsed;
  const counts = Object.entries(fields).map(([name, value]) => `${name} ${String(value)}`);
  const parts = [String(event), ...(counts.length > 0 ? [counts.join(', ')] : [])];
  for (const part of [error, words]) if (typeof part === 'string') parts.push(part);
  return `edge: ${parts.join(': ')}`;
}

function parse(message: string): Record<string, unknown> | undefined {
  try {
    const parsed = JSON.parse(message) as unknown;
    return typeof parsed === 'object' && parsed !== null && 'event' in parsed ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
