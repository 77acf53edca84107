import { DuckDbWarehouse } from '../warehouse/duckdb/duckdb.ts';
import type { Sql } from '../warehouse/sql.ts';
import type { Row } from '../warehouse/warehouse.ts';

/** How many values all remembered answers have together: some 100 MB. */
const MOST_VALUES = 2_000_000;
/** Answers of more values are not remembered: one of them would drive out most others. */
const LARGEST_ANSWER = 200_000;
/** How many answers are remembered, however small they are. */
const MOST_ANSWERS = 2_000;

interface Answer {
  readonly rows: Promise<readonly unknown[]>;
  /** 0 until it is known. */
  values: number;
}

/**
 * A publication that asks its engine every question once, as its rows never change: whoever reads a file that was rewritten opens
 * it anew. A question that is being answered is not asked a second time either. What was not asked for longest is forgotten.
 *
 * Rows are shared by all who ask: they are frozen, while the array is each one's own.
 */
export class RememberingPublication extends DuckDbWarehouse {
  readonly #asked: DuckDbWarehouse;
  /** By question; the one asked last stands last. */
  readonly #answers = new Map<string, Answer>();
  readonly #mostValues: number;
  #values = 0;

  /** @param mostValues see {@link MOST_VALUES}; another number is for tests. */
  constructor(asked: DuckDbWarehouse, mostValues = MOST_VALUES) {
    super(asked.session);
    this.#asked = asked;
    this.#mostValues = mostValues;
  }

  override async rows<Result = Row>(query: Sql, label?: string): Promise<Result[]> {
    const question = JSON.stringify(query.parts, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
    const known = this.#answers.get(question);
    if (known) {
      this.#answers.delete(question);
      this.#answers.set(question, known);
      return [...(await known.rows)] as Result[];
    }
    const answer: Answer = {
      rows: this.#asked.rows<object>(query, label).then((rows) => rows.map((row) => Object.freeze(row))),
      values: 0,
    };
    this.#answers.set(question, answer);
    try {
      const rows = await answer.rows;
      this.#keep(question, answer, rows);
      return [...rows] as Result[];
    } catch (error) {
      this.#forget(question, answer);
      throw error;
    }
  }

  override batches(...asked: Parameters<DuckDbWarehouse['batches']>): ReturnType<DuckDbWarehouse['batches']> {
    return this.#asked.batches(...asked);
  }

  override integerBatches(...asked: Parameters<DuckDbWarehouse['integerBatches']>): ReturnType<DuckDbWarehouse['integerBatches']> {
    return this.#asked.integerBatches(...asked);
  }

  #keep(question: string, answer: Answer, rows: readonly unknown[]): void {
    const values = rows.length * Object.keys(rows[0] ?? {}).length;
    if (values > Math.min(LARGEST_ANSWER, this.#mostValues)) return this.#forget(question, answer);
    // Meanwhile it may have been forgotten.
    if (this.#answers.get(question) !== answer) return;
    answer.values = values;
    this.#values += values;
    for (const [oldest, old] of this.#answers) {
      if (this.#values <= this.#mostValues && this.#answers.size <= MOST_ANSWERS) break;
      this.#forget(oldest, old);
    }
  }

  #forget(question: string, answer: Answer): void {
    if (this.#answers.get(question) !== answer) return;
    this.#answers.delete(question);
    this.#values -= answer.values;
  }
}
