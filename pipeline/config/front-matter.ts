import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ConfigProblem } from './problems.ts';

/** What stands before the query in a file of SQL, and where. */
export interface FrontMatter {
  /** What the YAML says; an empty one says an empty object. */
  readonly content: unknown;
  /** Line of the file, from 1, of what stands at a path of the content, or of the last part of the path that is there. */
  lineOf(path: readonly PropertyKey[]): number;
}

const OPENING = /^\uFEFF?\s*\/\*[ \t]*---[ \t]*(?:\r?\n|$)/;
const CLOSING = /^[ \t]*---[ \t]*\*\//m;

/**
 * Reads the front matter of a SQL text: a first comment that begins and ends with a line of three hyphens, YAML between.
 * @returns undefined where the text begins otherwise; its problems, each with the line, where it cannot be read.
 */
export function readFrontMatter(text: string, file: string): FrontMatter | { readonly problems: readonly ConfigProblem[] } | undefined {
  const opening = OPENING.exec(text)?.[0];
  if (opening === undefined) return undefined;
  const openingLine = linesIn(opening.trimEnd()) + 1;
  const rest = text.slice(opening.length);
  const end = CLOSING.exec(rest)?.index;
  if (end === undefined) {
    const message = 'the front matter that begins here has no end; expected a line "--- */" before the query';
    return { problems: [{ path: `${file}:${openingLine}`, message }] };
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(rest.slice(0, end), { lineCounter, prettyErrors: false });
  const lineAt = (offset: number) => openingLine + lineCounter.linePos(offset).line;
  if (document.errors.length > 0) {
    return { problems: document.errors.map(({ pos, message }) => ({ path: `${file}:${lineAt(pos[0])}`, message: `no YAML: ${message}` })) };
  }
  return {
    content: document.contents === null ? {} : (document.toJS() as unknown),
    lineOf(path) {
      let node: unknown = document.contents;
      let line = openingLine;
      for (const key of path) {
        const next = memberOf(node, key);
        if (next === undefined) break;
        line = lineAt(next.offset);
        node = next.value;
      }
      return line;
    },
  };
}

/**
 * A SQL text without its front matter, whose lines stay as empty ones: what it says is no part of the query, whose definition does not
 * change with it.
 */
export function withoutFrontMatter(text: string): string {
  const opening = OPENING.exec(text)?.[0];
  if (opening === undefined) return text;
  const closing = CLOSING.exec(text.slice(opening.length));
  if (!closing) return text;
  const end = opening.length + closing.index + closing[0].length;
  return '\n'.repeat(linesIn(text.slice(0, end))) + text.slice(end);
}

/** The value of a member, with the place of its name, or the element of a list with its own. */
function memberOf(node: unknown, key: PropertyKey): { readonly value: unknown; readonly offset: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(key));
    return pair && isScalar(pair.key) ? { value: pair.value, offset: pair.key.range?.[0] ?? 0 } : undefined;
  }
  if (!isSeq(node)) return undefined;
  const item: unknown = node.items[Number(key)];
  const offset = isMap(item) || isSeq(item) || isScalar(item) ? item.range?.[0] : undefined;
  return offset === undefined ? undefined : { value: item, offset };
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}
