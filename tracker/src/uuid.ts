/**
 * A random UUID, version 4 (RFC 9562 §5.4). Not `crypto.randomUUID`: that exists on https pages only.
 * Each `0`, `1` and `8` of the pattern stands for random bits; the `8` keeps the two variant bits, the `4` is the version.
 */
export function uuid(): string {
  const random = crypto.getRandomValues(new Uint8Array(36));
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit, i: number) =>
    (+digit ^ (random[i]! & (15 >> (+digit / 4)))).toString(16),
  );
}
