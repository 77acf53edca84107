const encoder = new TextEncoder();

/** Bytes of UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).byteLength;
}

/** Whether a text takes more bytes of UTF-8: a character takes one to three, which nearly always says enough. */
export function exceeds(text: string, bytes: number): boolean {
  return text.length > bytes || (text.length * 3 > bytes && byteLength(text) > bytes);
}

/** Divides items, in their order, into groups of at most so many items and bytes. An item that is larger stands alone. */
export function divide<Item>(items: readonly Item[], bytesOf: (item: Item) => number, most: number, bytes: number): Item[][] {
  if (items.length === 1) return [[...items]];
  const groups: Item[][] = [];
  let group: Item[] = [];
  let filled = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (group.length > 0 && (group.length === most || filled + size > bytes)) {
      groups.push(group);
      group = [];
      filled = 0;
    }
    group.push(item);
    filled += size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** A Worker has six connections at once; what waits for one would use up its time limit. */
const AT_ONCE = 4;

/** Works on all items, some at once, begun in their order. Rejects with the first error, after which no further item is begun. */
export async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  let failed = false;
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
