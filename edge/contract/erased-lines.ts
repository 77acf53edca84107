import type { EventRow, FailedEventRow } from './event-row.ts';

/** The kinds of identifier that a person is erased by. */
export const ERASED_KINDS = ['anonymous_id', 'user_id', 'email_hash'] as const;
export type ErasedKind = (typeof ERASED_KINDS)[number];

/** Identifiers of the persons to erase, as they are stored. */
export type ErasedIds = Readonly<Record<ErasedKind, readonly string[]>>;

/** A shorter text can stand in a page title or an order number by chance; it counts only where a column says what it is. */
const DISTINCTIVE_LENGTH = 16;

/** Identifiers that are found wherever they stand, as one RE2 pattern; undefined where there is none. */
export function textPattern(ids: ErasedIds): string | undefined {
  const texts = distinctive(ids);
  return texts.length === 0 ? undefined : texts.map(escaped).join('|');
}

/** Identifiers that can be told wherever they stand. */
export const distinctive = (ids: ErasedIds): string[] =>
  [...new Set(Object.values(ids).flat())].filter((value) => value.length >= DISTINCTIVE_LENGTH);

export const escaped = (text: string): string => text.replaceAll(/[\\^$.|?*+()[\]{}/-]/g, String.raw`\$&`);

/** Members of a Segment message that name a person, with the kinds of identifier that may stand there. */
export const NAMING_MEMBERS: Readonly<Record<string, readonly ErasedKind[]>> = {
  anonymousId: ['anonymous_id', 'email_hash'],
  anonymous_id: ['anonymous_id', 'email_hash'],
  userId: ['user_id', 'email_hash'],
  user_id: ['user_id', 'email_hash'],
  previousId: ['anonymous_id', 'user_id', 'email_hash'],
  previous_id: ['anonymous_id', 'user_id', 'email_hash'],
};

/** A hash of an address wherever it stands, as its only group, in RE2 as well: behind an escape, too, whose digits are none of its. */
export const ANY_HASH = '(?:%[0-9a-fA-F]{2})?([0-9a-fA-F]{64})';
const HASHES = new RegExp(ANY_HASH, 'g');

/** Tells who is erased: identifiers, and, where there are some that are distinctive, a pattern of them. */
export interface LineJudge {
  readonly isErased: (kind: ErasedKind, value: string) => boolean;
  readonly texts: RegExp | undefined;
}

/** Members of a line that name somebody: those of rows, and, with escaped quotes, those of a message inside of a payload. */
const MEMBER = new RegExp(
  String.raw`(\\?)"(${[...Object.keys(NAMING_MEMBERS), 'hash'].join('|')})\\?"\s*:\s*(?:\\?"((?:[^"\\]|\\(?!").)*)|(-?\d+))`,
  'g',
);

/** Judges by the identifiers themselves. */
export function judgeOf(ids: ErasedIds): LineJudge {
  const sets = { anonymous_id: new Set(ids.anonymous_id), user_id: new Set(ids.user_id), email_hash: new Set(ids.email_hash) };
  const pattern = textPattern(ids);
  return { isErased: (kind, value) => sets[kind].has(value), texts: pattern === undefined ? undefined : new RegExp(pattern) };
}

/**
 * Whether a line of a segment (or of any NDJSON with the same names) names an erased person; headers never do. It need not
 * parse: what is cut off is looked at, too.
 */
export function namesErasedPerson(line: string, { isErased, texts }: LineJudge): boolean {
  if (line.startsWith('{"delivery":')) return false;
  // What a site calls its own properties names nobody.
  const onlyColumns = line.startsWith('{"event":');
  for (const [, escape, member, quoted, number] of line.matchAll(MEMBER)) {
    const text = quoted ?? number ?? '';
    if (text === '' || (onlyColumns && escape !== '')) continue;
    const kinds: readonly ErasedKind[] = member === 'hash' ? ['email_hash'] : NAMING_MEMBERS[member!]!;
    const value = unescaped(text);
    if (kinds.some((kind) => isErased(kind, kind === 'email_hash' ? value.toLowerCase() : value))) return true;
  }
  for (const [, hash] of line.matchAll(HASHES)) if (isErased('email_hash', hash!.toLowerCase())) return true;
  return texts?.test(line) ?? false;
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // Not whole: then it names nobody.
    return text;
  }
}

/** A row that was erased, as the accounts name it among those of its delivery. */
export interface ErasedLine {
  readonly edge_instance: string;
  readonly edge_sequence: number;
  readonly write_key_id: string | null;
  readonly received_at: string;
  /** `event` and its message id, or `failed` and what tells it apart: its position, its message id, or `request`. */
  readonly name: string;
}

/** The row of a line that is erased; undefined where it is none that was accepted. */
export function erasedLine(line: string): ErasedLine | undefined {
  let parsed: { event?: EventRow; failed?: FailedEventRow };
  try {
    parsed = JSON.parse(line) as typeof parsed;
  } catch {
    return undefined;
  }
  const row = parsed.event ?? parsed.failed;
  if (!row) return undefined;
  const { edge_instance, edge_sequence, received_at } = row;
  const name = parsed.event ? `event ${parsed.event.message_id}` : `failed ${failedKey(parsed.failed!)}`;
  return { edge_instance, edge_sequence, write_key_id: row.write_key_id ?? null, received_at, name };
}

/** As the accounts tell rejected events of a delivery apart. */
const failedKey = ({ position, message_id: id }: FailedEventRow): string =>
  position !== null && position !== undefined ? `position ${position}` : id ? `message ${id}` : 'request';

/** What `POST /internal/erase` has taken out of one page of the archive. */
export interface ErasedHeld {
  /** Objects that were changed or deleted. */
  readonly objects: number;
  readonly erased: readonly ErasedLine[];
  /** Objects that cannot be read, and stay. */
  readonly unreadable: readonly string[];
  /** Where to go on; absent at the end. */
  readonly cursor?: string;
}
