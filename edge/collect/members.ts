/** Members of free-form JSON objects, read without trusting their types. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * The object under a key, empty where there is none.
 * @param source as JSON.parse makes it: it inherits what every object does, and the key is none of that.
 */
export function objectAt(source: Members | null | undefined, key: string): Members {
  const value = source?.[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : NOTHING;
}

const NOTHING: Members = Object.freeze({});

/**
 * The text under the first of the keys that holds one; numbers count as text, blank text does not.
 * @param source as for {@link objectAt}.
 */
export function textAt(source: Members | null | undefined, ...keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = source?.[key];
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    if (typeof value !== 'string') continue;
    const text = value.trim();
    if (text !== '') return text;
  }
  return null;
}

/** A copy without some members; undefined where nothing remains. */
export function without(source: Members, keys: ReadonlySet<string>): Members | undefined {
  let rest: Record<string, unknown> | undefined;
  for (const key in source) {
    if (keys.has(key)) continue;
    rest ??= {};
    // Assigned, this one would be no member.
    if (key === '__proto__') Object.defineProperty(rest, key, { value: source[key], enumerable: true, writable: true, configurable: true });
    else rest[key] = source[key];
  }
  return rest;
}

/**
 * Whether two values of JSON are the same but for the order of members. Their nesting must have been checked before.
 * @param except a member of the values themselves that is not looked at.
 */
export function isSameJson(one: unknown, other: unknown, except?: string): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  // By lists of names: the engine compiles a loop over the object itself in vain, again and again, where it sees objects of many shapes.
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  for (const name of names) {
    if (!Object.hasOwn(other, name)) return false;
    if (name !== except && !isSameJson((one as Members)[name], (other as Members)[name])) return false;
  }
  return true;
}

/** An object as a JSON column; null for an empty or missing one. */
export function toJsonColumn(source: Members | null | undefined): string | null {
  // The first member tells; a list of all of them is not made.
  for (const _ in source) return JSON.stringify(source);
  return null;
}
