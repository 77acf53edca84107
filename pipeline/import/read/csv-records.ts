import type { Found } from '../records.ts';
import { contentOf, DamagedFile } from './bytes.ts';
import { type CsvRecord, CsvParser, OpenQuote } from './csv-parser.ts';
import { decoded } from './json-records.ts';

/**
 * The rows of a CSV file, by the names of its header; an empty cell is no member. A row that is not as wide as the header costs only
 * itself.
 */
export async function* csvRecords(part: string, file: string, onBytes: (bytes: number) => void): AsyncGenerator<Found> {
  let header: readonly string[] | undefined;
  for await (const found of recordsOf(part, file, onBytes)) {
    if ('text' in found) {
      yield found;
      if (found.endsPart) return;
    } else if (header === undefined) {
      header = namesOf(found);
      const twice = header.find((name, i) => header!.indexOf(name) !== i);
      if (twice === undefined) continue;
      const problem = `the header has two columns "${twice}"; expected different names: rename one`;
      yield { part, line: found.line, problem, text: found.cells.join(','), endsPart: true };
      return;
    } else yield rowOf(part, header, found);
  }
}

/** The names of the columns; none for an empty file. @throws DamagedFile or OpenQuote where the header cannot be read. */
export async function csvHeader(file: string): Promise<readonly string[]> {
  const parser = new CsvParser();
  for await (const text of decoded(contentOf(file, () => {}))) {
    const [first] = parser.push(text);
    if (first) return namesOf(first);
  }
  const [first] = parser.end();
  return first ? namesOf(first) : [];
}

const namesOf = ({ cells }: CsvRecord): readonly string[] => cells.map((name) => name.trim());

async function* recordsOf(
  part: string,
  file: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<CsvRecord | Extract<Found, { text: string }>> {
  const parser = new CsvParser();
  let line = 0;
  try {
    for await (const text of decoded(contentOf(file, onBytes))) {
      for (const record of parser.push(text)) {
        ({ line } = record);
        yield record;
      }
    }
    yield* parser.end();
  } catch (error) {
    if (error instanceof DamagedFile) yield { part, line: line + 1, problem: error.message, text: '', endsPart: true };
    else if (error instanceof OpenQuote) yield { part, line: error.line, problem: error.message, text: '', endsPart: true };
    else throw error;
  }
}

function rowOf(part: string, header: readonly string[], { line, cells, problem }: CsvRecord): Found {
  const width = cells.length === header.length ? undefined : `expected ${header.length} cells as in the header, found ${cells.length}`;
  const wrong = problem ?? width;
  if (wrong !== undefined) return { part, line, problem: wrong, text: cells.join(',') };
  return {
    part,
    line,
    value: Object.fromEntries(header.flatMap((name, i) => (cells[i]!.trim() === '' ? [] : [[name, cells[i]!.trim()]]))),
  };
}
