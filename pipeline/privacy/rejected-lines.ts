import { ERASED_KINDS, type LineJudge, namesErasedPerson } from '../../edge/contract/erased-lines.ts';

/** What stands between the values of a record that is no JSON. */
const BETWEEN = /[\s,;|"]+/;

/**
 * Whether a line of any file names an erased person. In what an import refused every value counts, whatever the columns of that source
 * are called: such a line is only kept to be looked at.
 */
export const lineNamesErased = (line: string, judge: LineJudge): boolean => namesErasedPerson(line, judge) || rejectedNames(line, judge);

function rejectedNames(line: string, { isErased }: LineJudge): boolean {
  if (!line.startsWith('{"file":')) return false;
  let record: unknown;
  try {
    ({ record } = JSON.parse(line) as { record?: unknown });
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
  return textsIn(record).some((text) => ERASED_KINDS.some((kind) => isErased(kind, kind === 'email_hash' ? text.toLowerCase() : text)));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [...new Set([value, value.trim(), ...value.split(BETWEEN)])].filter((text) => text !== '');
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
