/** One record of a CSV file (RFC 4180): its bytes as text with the line end, and the cells without their quotes. */
export interface CsvRecord {
  readonly text: string;
  readonly cells: readonly string[];
}

/** The records of a CSV text that comes in chunks. What it cannot make sense of it leaves as it is: the loader says what is wrong. */
export async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let text = '';
  let isQuoted = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const character = chunk[i];
      if (character === '"') isQuoted = !isQuoted;
      else if (character === '\n' && !isQuoted) {
        text += chunk.slice(start, i + 1);
        yield { text, cells: cellsOf(text) };
        text = '';
        start = i + 1;
      }
    }
    text += chunk.slice(start);
  }
  if (text !== '') yield { text, cells: cellsOf(text) };
}

function cellsOf(text: string): string[] {
  const line = text.replace(/\r?\n$/, '').replace(/^\uFEFF/, '');
  return Array.from(
    line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g),
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  );
}

/** A record with some of its cells emptied. */
export function withoutCells({ text, cells }: CsvRecord, emptied: readonly number[]): string {
  const end = /\r?\n$/.exec(text)?.[0] ?? '';
  const written = cells.map((cell, i) => (emptied.includes(i) ? '' : /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
  return written.join(',') + end;
}
