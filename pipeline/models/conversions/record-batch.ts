import type { Sql } from '../../warehouse/sql.ts';
import type { StepContext } from '../step.ts';

/** What a conversion has staged in a night, and which of its stored records that replaces. */
export interface RecordBatch {
  /** `conversion_name` of the staged rows. */
  readonly name: string;
  /** The staged rows are all that the source has from here on, ISO in UTC; null: all of history. */
  readonly from: string | null;
  /** Built by another definition, or for the first time: no safety stop and no change log; the definition is recorded at the end. */
  readonly isRedefined: boolean;
  /** Hash of the definition that staged the rows; see `definitions.ts`. */
  readonly definitionHash: string;
  /** Whether a conversion stays whose value falls from above zero to zero. */
  readonly keepZero: boolean;
  /** Share of the records of the range that may disappear at once; null: no safety stop. */
  readonly maximumShrink: number | null;
  /**
   * Query (columns of staged_conversions) of all of history, restricted to the ids that the query `ids` returns (column
   * `id`). Absent: what was stored before `from` stands.
   */
  readonly lookUp?: (ids: Sql) => Promise<Sql>;
  /** What the reader of the run must know of how the rows were made. */
  readonly warnings?: readonly string[];
}

/** Name of a conversion's row in `definitions`. */
export const definitionName = (conversion: string): string => `conversion ${conversion}`;

/** Whether `run --full` asks for all history of a conversion: its definition is the same, so the safety stop holds. */
export const isFull = ({ full }: StepContext, name: string): boolean => full === 'all' || (full?.includes(name) ?? false);
