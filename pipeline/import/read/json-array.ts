/** An element of a JSON array as text. */
export interface Element {
  /** The line it begins in, from 1. */
  readonly line: number;
  readonly text: string;
}

/** The text of a JSON array does not have the form of one. */
export class BrokenArray extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Longer ones are taken for a bracket or quote that nobody closed. */
const LONGEST_ELEMENT = 8 * 1024 * 1024;

/**
 * The elements of one JSON array, each as soon as it is complete, so that a large file is never in memory. What an element holds is
 * left to the JSON parser; only strings and brackets are followed to find its end.
 * @param chunks text whose first character that is no white space is `[`.
 * @throws BrokenArray where an element is too long, or the array is not closed.
 */
export async function* elementsOf(chunks: AsyncIterable<string>): AsyncGenerator<Element> {
  let depth = 0;
  let line = 1;
  let isString = false;
  let isEscaped = false;
  let held = '';
  /** Where the element begins; undefined before its first character. */
  let begun: number | undefined;
  for await (const chunk of chunks) {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const character = chunk[i]!;
      if (character === '\n') line++;
      if (isString) {
        if (isEscaped) isEscaped = false;
        else if (character === '\\') isEscaped = true;
        else if (character === '"') isString = false;
        continue;
      }
      const opens = character === '[' || character === '{';
      const closes = character === ']' || character === '}';
      if (depth === 0) {
        if (!opens) continue;
        [depth, start] = [1, i + 1];
        continue;
      }
      if (depth === 1 && (character === ',' || closes)) {
        const text = (held + chunk.slice(start, i)).trim();
        if (text !== '') yield { line: begun ?? line, text };
        [held, start, begun] = ['', i + 1, undefined];
      } else if (begun === undefined && !/\s/.test(character)) begun = line;
      if (character === '"') isString = true;
      else if (opens) depth++;
      else if (closes) depth--;
    }
    if (depth > 0) held += chunk.slice(start);
    if (held.length > LONGEST_ELEMENT) {
      throw new BrokenArray(begun ?? line, 'an element of more than 8 MB begins here: is a quote or bracket never closed?');
    }
  }
  if (depth > 0) throw new BrokenArray(line, 'the JSON array is not closed; expected "]" at the end of the file');
}
