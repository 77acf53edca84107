// Ways in which programs write characters so that a search for them fails. Only what a text means is wanted here, not how it
// was written, so all of them are undone at once and in any order.

/** Whether a text may mean something else than its characters: escapes, entities, invisible characters, other forms of letters. */
export const HIDES = /[%\\&＠﹫．。｡\uFFFD\p{Default_Ignorable_Code_Point}\p{Cf}]/u;

/** What stands between white space, quotes, brackets and the delimiters of URLs; the "&" and ";" of entities are no delimiters. */
export const WORD = /(?:(?!\\u\{)[^\p{Z}\t\n\v\f\r"'<>()[\]{},;:?&=/]|&(?:amp;)*(?:#x?[\da-f]{1,8}|[a-z]{2,8});|\\u\{[\da-f]{1,6}\})+/giu;

/** Texts are encoded again by each system that passes them on. */
const ROUNDS = 4;
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\uFFFD]/gu;
const ENTITIES: Readonly<Record<string, string>> = { commat: '@', period: '.', amp: '&', hyphen: '-', dash: '-', lowbar: '_', plus: '+' };

/** What a text means: decoded, without invisible characters, in the plain forms of its letters. Takes linear time. */
export function reveal(text: string): string {
  let revealed = text;
  for (let round = 0; round < ROUNDS; round++) {
    const decoded = decodeOnce(revealed).replace(INVISIBLE, '').normalize('NFKC').replace(/。/g, '.');
    if (decoded === revealed) break;
    revealed = decoded;
  }
  return revealed;
}

function decodeOnce(text: string): string {
  return text
    .replace(/%(?:25)+/g, '%')
    .replace(/(?:%[\da-f]{2})+/gi, percentDecode)
    .replace(
      /(?:%|(?<!\\)\\+)u([\da-f]{4})|(?<!\\)\\+u\{([\da-f]{1,6})\}|(?<!\\)\\+x([\da-f]{2})/gi,
      (_, four?: string, braced?: string, two?: string) => character(Number.parseInt(four ?? braced ?? two ?? '', 16)),
    )
    .replace(/&#x([\da-f]{1,8});/gi, (_, hex: string) => character(Number.parseInt(hex, 16)))
    .replace(/&#(\d{1,8});/g, (_, digits: string) => character(Number(digits)))
    .replace(/&([a-z]{2,8});/gi, (entity, name: string) => ENTITIES[name.toLowerCase()] ?? entity);
}

function percentDecode(encoded: string): string {
  const bytes = Uint8Array.from(encoded.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
  // Not fatal: bytes that are no text become U+FFFD, and the others keep their meaning.
  return new TextDecoder().decode(bytes);
}

function character(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
