import { createHash } from 'node:crypto';
import { type ErasedLine, erasedLine, type LineJudge } from '../../edge/contract/erased-lines.ts';

/** A row of a delivery as the accounts remember it once it is erased. */
export interface ErasedRow {
  readonly edge_instance: string;
  readonly edge_sequence: number;
  readonly row_hash: string;
  readonly write_key_id: string | null;
  readonly received_at: string;
}

/** Remembers what was asked: visitors come again and again. */
export function rememberingJudge({ isErased, texts }: LineJudge): LineJudge {
  const known = new Map<string, boolean>();
  return {
    texts,
    isErased(kind, value) {
      const name = `${kind}:${value}`;
      let answer = known.get(name);
      if (answer === undefined) {
        // Bounded: a file with very many visitors must not fill the memory.
        if (known.size > 500_000) known.clear();
        known.set(name, (answer = isErased(kind, value)));
      }
      return answer;
    },
  };
}

/** What the accounts remember of a line that is erased; undefined where it is no row that was accepted. */
export function erasedRow(line: string): ErasedRow | undefined {
  const row = erasedLine(line);
  return row && rememberedRow(row);
}

/** The row with its name hashed, as models/erasures/removal.ts makes it in SQL. */
export function rememberedRow({ edge_instance, edge_sequence, write_key_id, received_at, name }: ErasedLine): ErasedRow {
  const row_hash = createHash('sha256')
    .update(`${write_key_id ?? ''} ${name}`)
    .digest('hex');
  return { edge_instance, edge_sequence, row_hash, write_key_id, received_at };
}
