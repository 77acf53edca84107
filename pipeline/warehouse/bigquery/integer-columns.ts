import { beyond32Bits, checkedLength } from '../integers.ts';
import type { TableDefinition } from '../warehouse.ts';
import type { Field, RawRow } from './api.ts';

/** Rows that are written as one piece of text. */
const LINES = 4096;

/** One column of a page of results. @throws RangeError for a NULL or a value beyond 32 bits, naming the column. */
export function integersOf(rows: readonly RawRow[], position: number, field: Field, label: string): Int32Array {
  const integers = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    const text = row.f[position]!.v;
    const value = typeof text === 'string' ? Number(text) : Number.NaN;
    integers[i] = value;
    if (integers[i] !== value) throw beyond32Bits(label, field.name);
  });
  return integers;
}

/** Batches of 32-bit integers as the lines of a load job. */
export async function* integerLines(
  target: TableDefinition,
  batches: Iterable<readonly Int32Array[]> | AsyncIterable<readonly Int32Array[]>,
  label: string,
): AsyncGenerator<string> {
  const names = target.columns.map(({ name }) => JSON.stringify(name));
  for await (const batch of batches) {
    const length = checkedLength(target, batch, label);
    for (let from = 0; from < length; from += LINES) {
      const lines = Array.from({ length: Math.min(LINES, length - from) }, (_, i) => {
        const members = names.map((name, column) => `${name}:${batch[column]![from + i]}`);
        return `{${members.join(',')}}\n`;
      });
      yield lines.join('');
    }
  }
}
