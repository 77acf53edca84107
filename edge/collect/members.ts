/** Members of free-form JSON objects, read without trusting their types. */
export type Members = Readonly<Record<string, unknown>>;

/** The object under a key, empty where there is none. */
export function objectAt(source: Members | null | undefined, key: string): Members {
  const value = source?.[key];
  // Whether it is inherited is asked last: most members are not there, and to find that out so takes longer.
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(source!, key) ? (value as Members) : {};
}

/** The text under the first of the keys that holds one; numbers count as text, blank text does not. */
export function textAt(source: Members | null | undefined, ...keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = source?.[key];
    if (value === undefined || !Object.hasOwn(source!, key)) continue;
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return null;
}

/** A copy without some members; undefined where nothing remains. */
export function without(source: Members, keys: ReadonlySet<string>): Members | undefined {
  let rest: Record<string, unknown> | undefined;
  for (const key of Object.keys(source)) {
    if (keys.has(key)) continue;
    rest ??= {};
    // Assigned, this one would be no member.
    if (key === '__proto__') Object.defineProperty(rest, key, { value: source[key], enumerable: true, writable: true, configurable: true });
    else rest[key] = source[key];
  }
  return rest;
}

/** An object as a JSON column; null for an empty or missing one. */
export function toJsonColumn(source: Members | null | undefined): string | null {
  return source && Object.keys(source).length > 0 ? JSON.stringify(source) : null;
}
