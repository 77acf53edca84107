/** A table of the terminal, read back; cells without the space around them. */
export interface TerminalTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What stands below the second rule. */
  readonly footer: readonly (readonly string[])[];
}

/** The line of strokes under a header, one run for each column; a single run underlines a heading. */
const RULE = /^─+(?: {2}─+)+$/;

/**
 * Reads the first table that comes after a text. Columns are found by the rule under the header, so that an empty cell
 * stays a cell.
 * @throws Error where the text or a table after it is missing.
 */
export function readTable(screen: string, after: string): TerminalTable {
  const begin = screen.indexOf(after);
  if (begin < 0) throw new Error(`"${after}" does not occur`);
  const lines = screen.slice(begin + after.length).split('\n');
  const rule = lines.findIndex((line) => RULE.test(line));
  if (rule < 1) throw new Error(`no table after "${after}"`);
  const columns = [...lines[rule]!.matchAll(/─+/g)].map(({ index, 0: run }) => [index, index + run.length] as const);
  const cells = (line: string) => {
    const letters = Array.from(line);
    return columns.map(([from, to]) => letters.slice(from, to).join('').trim());
  };
  const below = lines.slice(rule + 1);
  const end = below.findIndex((line) => line === '' || line.startsWith('```'));
  const body = end < 0 ? below : below.slice(0, end);
  const second = body.indexOf(lines[rule]!);
  return {
    header: cells(lines[rule - 1]!),
    rows: (second < 0 ? body : body.slice(0, second)).map(cells),
    footer: second < 0 ? [] : body.slice(second + 1).map(cells),
  };
}
