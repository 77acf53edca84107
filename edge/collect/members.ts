/** Members of free-form JSON objects, read without trusting their types. */
export type Members = Readonly<Record<string, unknown>>;

/** The object under a key, empty where there is none. */
export function objectAt(source: Members | null | undefined, key: string): Members {
  const value = source && Object.hasOwn(source, key) ? source[key] : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

/** The text under the first of the keys that holds one; numbers count as text, blank text does not. */
export function textAt(source: Members | null | undefined, ...keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = source && Object.hasOwn(source, key) ? source[key] : undefined;
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return null;
}

/** A copy without some members; undefined where nothing remains. */
export function without(source: Members, keys: ReadonlySet<string>): Members | undefined {
  const rest = Object.entries(source).filter(([key]) => !keys.has(key));
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

/** An object as a JSON column; null for an empty or missing one. */
export function toJsonColumn(source: Members | null | undefined): string | null {
  return source && Object.keys(source).length > 0 ? JSON.stringify(source) : null;
}
