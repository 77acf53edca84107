import { createHash } from 'node:crypto';

/**
 * An id for an event that comes without: the hash of its content as the source has it, so that importing it again, from whichever
 * file, makes a copy and no second event. Members without a value do not count, nor does the order of members.
 * @param content what makes it this event; nothing that differs between two exports of it.
 */
export function contentId(content: unknown): string {
  return `import-${createHash('sha256').update(canonicalJson(content)).digest('hex')}`;
}

/** JSON with sorted members: equal content gives equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined && member !== null)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
