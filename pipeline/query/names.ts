import { nearest } from '../config/suggest.ts';

/** What to tell someone who wrote a name that does not exist: the nearest known one, then all of them. */
export function unknownName(kind: string, given: string, known: readonly string[]): string {
  const near = nearest(given, known);
  const list = known.length ? `known: ${known.join(', ')}` : `no ${kind} is known`;
  return `unknown ${kind} "${given}"${near ? `, did you mean "${near}"? (${list})` : `; ${list}`}`;
}
