import type { BoostedTrees, TreeImportance, TreeRows } from '../../../../warehouse/boosted-trees.ts';
import { type Sql, raw, sql } from '../../../../warehouse/sql.ts';
import { WarehouseError } from '../../../../warehouse/warehouse-error.ts';
import type { Warehouse } from '../../../../warehouse/warehouse.ts';

/** What a stand-in has learned: of each channel the share of visits that converted. */
type Shares = ReadonlyMap<string, number>;

/**
 * Stands in for BigQuery ML where nobody has an account: it learns by how the channel alone converts, keeps what it has learned
 * by its name, as BigQuery would, and answers with a row for each row that it is asked about.
 */
export class StandInTrees implements BoostedTrees {
  readonly isPlanned = false;
  readonly grown = new Map<string, Shares>();
  /** What was done, in its order. */
  readonly log: string[] = [];
  /** Called before anything is done: what it throws is what the caller sees. */
  before: (done: string) => void = () => undefined;
  readonly #warehouse: Warehouse;

  private constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /** Gives a warehouse trees. */
  static in(warehouse: Warehouse): StandInTrees {
    const trees = new StandInTrees(warehouse);
    Object.assign(warehouse, { boostedTrees: trees });
    return trees;
  }

  async grow(name: string, { label, weight, rows }: TreeRows): Promise<void> {
    this.#note(`grow ${name}`);
    const shares = await this.#warehouse.rows<{ channel: string; converted: number; visits: number }>(sql`
      select given.channel, sum(given.${raw(label)} * given.${raw(weight)}) as converted, sum(given.${raw(weight)}) as visits
      from (${rows}) as given
      group by given.channel`);
    this.grown.set(name, new Map(shares.map(({ channel, converted, visits }) => [channel, converted / visits])));
  }

  chances(name: string, rows: Sql, columns: readonly string[]): Sql {
    this.#note(`ask ${name}`);
    const shares = [...this.#of(name)].map(([channel, share]) => [channel, share] as const);
    const learned = this.#warehouse.dialect.values('learned', { channel: 'STRING', share: 'FLOAT64' }, shares);
    return sql`
      select ${raw(columns.map((column) => `given.${column}`).join(', '))}, coalesce(learned.share, 0.5) as chance
      from (${rows}) as given
      left join ${learned} on learned.channel = given.channel`;
  }

  async importance(name: string): Promise<TreeImportance[]> {
    return [
      { feature: 'channel', splits: 3, gain: 2, cover: 40 },
      { feature: 'visits_before', splits: this.#of(name).size, gain: 1, cover: 10 },
    ];
  }

  async drop(name: string): Promise<void> {
    this.#note(`drop ${name}`);
    this.grown.delete(name);
  }

  #note(done: string): void {
    this.before(done);
    this.log.push(done);
  }

  #of(name: string): Shares {
    const found = this.grown.get(name);
    if (found === undefined) throw new WarehouseError('a model', `Not found: Model p:d.${name} was not found in location EU`);
    return found;
  }
}
