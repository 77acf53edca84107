/**
 * A copy of a value from the page that has a JSON form: without functions, elements and other objects with behaviour, without
 * members that lead back to their owner, and without what lies deeper than eight levels. Undefined where nothing is left.
 */
export function plain(value: unknown, owners: readonly unknown[] = []): unknown {
  if (value instanceof Date) return value;
  if (typeof value !== 'object')
    return typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint' ? undefined : value;
  if (value === null) return value;
  if (owners.length > 8 || owners.includes(value)) return undefined;
  const inner = [...owners, value];
  if (Array.isArray(value)) return value.map((member) => plain(member, inner)).filter((member) => member !== undefined);
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another frame have another Object.prototype.
  if (prototype && Object.getPrototypeOf(prototype)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member, inner)]));
}
