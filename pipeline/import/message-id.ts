import { createHash } from 'node:crypto';
import { canonicalJson } from '../../edge/contract/canonical-json.ts';

/**
 * An id for an event that comes without: the hash of its content as the source has it, so that importing it again, from whichever
 * file, makes a copy and no second event. Members without a value do not count, nor does the order of members.
 * @param content what makes it this event; nothing that differs between two exports of it.
 */
export function contentId(content: unknown): string {
  return `import-${createHash('sha256')
    .update(canonicalJson(withoutNulls(content)))
    .digest('hex')}`;
}

/** Without members that are null, at any depth: one export writes them, another leaves them out. Elements of arrays keep their places. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNulls(member)]),
  );
}
