import { readFile } from 'node:fs/promises';
import type { Column, ColumnType } from '../../edge/contract/columns.ts';
import { bigQueryDialect } from '../../pipeline/warehouse/bigquery/dialect.ts';
import { render } from '../../pipeline/warehouse/bigquery/render.ts';
import { createView, deleteKeys, fitted, merge as mergeStatement, replaceDays } from '../../pipeline/warehouse/bigquery/statements.ts';
import { UserError } from '../../pipeline/config/user-error.ts';
import { beyond32Bits, checkedLength } from '../../pipeline/warehouse/integers.ts';
import { noCompleteKey, outsideDays } from '../../pipeline/warehouse/key-check.ts';
import { type Param, type Sql, sql, table } from '../../pipeline/warehouse/sql.ts';
import {
  type Change,
  type MergeOptions,
  type Row,
  type StatementScope,
  type StatementStatistics,
  type TableDefinition,
  type Value,
  type Warehouse,
  keysOf,
} from '../../pipeline/warehouse/warehouse.ts';
import type { CatalogTable, GoogleSql, QueryParameter } from './googlesql.ts';

const DATASET = 'project.dataset';
const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/**
 * A warehouse for tests: rows in memory, queries executed by Google's reference evaluator from the text that BigQuery
 * would get. Writes are structured, so their statement is analysed as GoogleSQL, their source evaluated, and the rows
 * applied here.
 */
export class GoogleSqlWarehouse implements Warehouse {
  readonly dialect = bigQueryDialect;
  readonly statements: StatementStatistics[] = [];
  readonly #engine: GoogleSql;
  readonly #tables = new Map<string, { definition: TableDefinition; rows: Row[] }>();

  constructor(engine: GoogleSql) {
    this.#engine = engine;
  }

  async migrate(tables: readonly TableDefinition[]): Promise<void> {
    for (const definition of tables) {
      if (definition.query === undefined) {
        const former = this.#tables.get(definition.name);
        // A column that is new has no value in the rows that are there.
        const rows = (former?.rows ?? []).map((row) => completed(definition, row));
        this.#tables.set(definition.name, { definition, rows });
        continue;
      }
      this.#tables.set(definition.name, { definition, rows: [] });
      await this.#analyze(createView(definition, definition.query), []);
    }
  }

  async rows<Result = Row>(query: Sql): Promise<Result[]> {
    return (await this.#evaluate(query)) as Result[];
  }

  async *batches(query: Sql): AsyncGenerator<readonly (readonly Value[])[]> {
    const rows = await this.#evaluate(query);
    const names = Object.keys(rows[0] ?? {});
    if (rows.length > 0) yield names.map((name) => rows.map((row) => row[name]!));
  }

  async append(target: TableDefinition, source: Sql): Promise<Change> {
    const rows = await this.#evaluate(await this.#fitted(target, source));
    this.#stored(target).rows.push(...rows);
    return { ...NOTHING, inserted: rows.length };
  }

  async *integerBatches(query: Sql, label = 'query'): AsyncGenerator<readonly Int32Array[]> {
    const rows = await this.#evaluate(query);
    const names = Object.keys(rows[0] ?? {});
    const integer = (row: Row, name: string) => {
      const value = row[name];
      if (typeof value !== 'number' || (value | 0) !== value) throw beyond32Bits(label, name);
      return value;
    };
    if (rows.length > 0) yield names.map((name) => Int32Array.from(rows, (row) => integer(row, name)));
  }

  async loadIntegers(
    target: TableDefinition,
    batches: Iterable<readonly Int32Array[]> | AsyncIterable<readonly Int32Array[]>,
    options: { replace?: boolean; label?: string } = {},
  ): Promise<Change> {
    const label = options.label ?? `load ${target.name}`;
    const rows: Row[] = [];
    for await (const batch of batches) {
      const length = checkedLength(target, batch, label);
      for (let i = 0; i < length; i++) rows.push(Object.fromEntries(target.columns.map(({ name }, column) => [name, batch[column]![i]!])));
    }
    const deleted = options.replace ? this.#stored(target).rows.length : 0;
    return { ...(await this.load(target, rows, options)), deleted };
  }

  async merge(target: TableDefinition, source: Sql, options: MergeOptions = {}): Promise<Change> {
    const { deleteUnmatched = false, days } = options;
    const label = options.label ?? `merge into ${target.name}`;
    const staged = await this.#evaluate(await this.#fitted(target, source));
    await this.#analyze(mergeStatement(target, { kind: 'sql', parts: [table(target.name)] }, deleteUnmatched, days), [target]);
    const keyOf = (row: Row) => JSON.stringify(target.key.map((name) => row[name]));
    const stored = this.#stored(target);
    const before = new Map(stored.rows.map((row) => [keyOf(row), row]));
    const after = new Map(staged.map((row) => [keyOf(row), row]));
    if (after.size !== staged.length) throw new UserError(`${label}: the source repeats a key`);
    if (staged.some((row) => target.key.some((name) => row[name] === null))) throw noCompleteKey(label, 'of a row of the source');
    if (days) {
      const outside = staged.find((row) => !days.includes(dayOf(target, row) ?? ''));
      if (outside) throw outsideDays(label, dayOf(target, outside));
      const elsewhere = [...after.keys()].find((key) => before.has(key) && !days.includes(dayOf(target, before.get(key)!) ?? ''));
      // An engine that reads only these days would insert it a second time.
      if (elsewhere !== undefined) throw new Error(`${label}: ${elsewhere} stands in another day than those said to be touched`);
    }
    const deletable = await this.#deletable(target, deleteUnmatched, days);
    const deleted = new Set(deletable.map(keyOf).filter((key) => !after.has(key)));
    const text = (row: Row) => JSON.stringify(target.columns.map(({ name }) => row[name]));
    const change = {
      inserted: [...after.keys()].filter((key) => !before.has(key)).length,
      updated: [...after].filter(([key, row]) => before.has(key) && text(before.get(key)!) !== text(row)).length,
      deleted: deleted.size,
    };
    stored.rows = [...new Map([...before, ...after])].filter(([key]) => !deleted.has(key)).map(([, row]) => row);
    return change;
  }

  async delete(target: TableDefinition, keys: Sql, options: { days?: readonly string[] } = {}): Promise<Change> {
    const fittedKeys = await this.#fitted(keysOf(target), keys);
    await this.#analyze(deleteKeys(target, fittedKeys, options.days), [target]);
    const keyOf = (row: Row) => JSON.stringify(target.key.map((name) => row[name]));
    const given = new Set((await this.#evaluate(fittedKeys)).map(keyOf));
    const stored = this.#stored(target);
    const kept = stored.rows.filter((row) => !given.has(keyOf(row)) || (options.days && !options.days.includes(dayOf(target, row) ?? '')));
    const deleted = stored.rows.length - kept.length;
    stored.rows = kept;
    return { ...NOTHING, deleted };
  }

  async replacePartitions(target: TableDefinition, days: readonly string[], source: Sql): Promise<Change> {
    const fittedSource = await this.#fitted(target, source);
    const rows = await this.#evaluate(fittedSource);
    await this.#analyze(replaceDays(target, days, fittedSource), [target]);
    const stored = this.#stored(target);
    const kept = stored.rows.filter((row) => !days.includes((row[target.partitionBy!] as string).slice(0, 10)));
    const deleted = stored.rows.length - kept.length;
    stored.rows = [...kept, ...rows];
    return { inserted: rows.length, updated: 0, deleted };
  }

  async load(target: TableDefinition, rows: Iterable<Row> | AsyncIterable<Row>, options: { replace?: boolean } = {}): Promise<Change> {
    const stored = this.#stored(target);
    if (options.replace) stored.rows = [];
    let inserted = 0;
    for await (const row of rows) {
      stored.rows.push(completed(target, row));
      inserted++;
    }
    return { ...NOTHING, inserted };
  }

  async loadCsv(target: TableDefinition, file: string): Promise<Change> {
    const [header, ...lines] = parseCsv(await readFile(file, 'utf8'));
    const rows = lines.map((cells) =>
      completed(
        target,
        Object.fromEntries(
          header!.map((name, i) => [
            name,
            cellValue(
              target.columns.find((one) => one.name === name)!,
              cells[i]!,
            ),
          ]),
        ),
      ),
    );
    const stored = this.#stored(target);
    const change = { inserted: rows.length, updated: 0, deleted: stored.rows.length };
    stored.rows = rows;
    return change;
  }

  async snapshot(): Promise<void> {
    throw new Error('nothing is published from here');
  }

  async dryRun(query: Sql): Promise<{ columns: readonly Column[]; bytes: number }> {
    return { columns: await this.#describe(query), bytes: 0 };
  }

  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  async within<Result>(_: StatementScope, work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  async close(): Promise<void> {
    this.#tables.clear();
  }

  /** The rows of the target that may be deleted where the source has no such key. */
  async #deletable(target: TableDefinition, deleteUnmatched: boolean | Sql, days: readonly string[] | undefined): Promise<readonly Row[]> {
    if (deleteUnmatched === false) return [];
    const rows =
      deleteUnmatched === true
        ? this.#stored(target).rows
        : await this.#evaluate(sql`select target.* from ${table(target.name)} as target where (${deleteUnmatched})`);
    return days ? rows.filter((row) => days.includes(dayOf(target, row) ?? '')) : rows;
  }

  #stored(target: TableDefinition): { definition: TableDefinition; rows: Row[] } {
    const stored = this.#tables.get(target.name);
    if (!stored) throw new Error(`there is no table ${target.name}: migrate first`);
    if (stored.definition.query) throw new Error(`${target.name} is a view: nothing can be written to it`);
    return stored;
  }

  async #fitted(target: TableDefinition, source: Sql): Promise<Sql> {
    const columns = await this.#describe(source);
    return fitted(target, source, new Set(columns.map(({ name }) => name)));
  }

  async #describe(query: Sql): Promise<Column[]> {
    const { text, tables, parameters } = this.#rendered(query);
    return this.#engine.describe(text, tables, parameters);
  }

  async #evaluate(query: Sql): Promise<Row[]> {
    const { text, tables, parameters } = this.#rendered(query);
    const seen = [];
    for (const one of tables) seen.push(one.definition.query ? { ...one, rows: await this.#evaluate(one.definition.query) } : one);
    return this.#engine.evaluate(text, seen, parameters);
  }

  async #analyze(statement: Sql, targets: readonly TableDefinition[]): Promise<void> {
    const { text, tables, parameters } = this.#rendered(statement);
    const named = targets.map((definition) => ({ definition, name: `${DATASET}.${definition.name}` }));
    const others = tables.filter(({ name }) => !named.some((target) => target.name === name));
    await this.#engine.analyze(text, [...named, ...others], parameters);
  }

  /** The text for BigQuery with the tables it names: ours in full, those of a customer's SQL in the default dataset. */
  #rendered(query: Sql): { text: string; tables: CatalogTable[]; parameters: QueryParameter[] } {
    const { query: text } = render(query, DATASET);
    const params = query.parts.filter((part): part is Param => typeof part === 'object' && part.kind === 'param');
    const parameters = params.map((param, i): QueryParameter => {
      const column: Column = { name: `p${i + 1}`, type: param.type, description: '', ...(param.array && { mode: 'repeated' as const }) };
      return { name: column.name, column, value: parameterValue(param) };
    });
    const tables = [...this.#tables].flatMap(([name, { definition, rows }]) => {
      const names = [`${DATASET}.${name}`, name].filter((one) => new RegExp(`(?<![\\w.])${one.replaceAll('.', '[.]')}(?!\\w)`).test(text));
      return names.map((one) => ({ definition, rows, name: one }));
    });
    return { text, tables, parameters };
  }
}

/** The day of the partition a row stands in. */
function dayOf(target: TableDefinition, row: Row): string | null {
  return (row[target.partitionBy!] as string | null)?.slice(0, 10) ?? null;
}

function parameterValue({ type, array, value }: Param): Value {
  const plain = (one: Param['value']): Value => (type === 'INT64' && one !== null ? Number(one) : (one as Value));
  return array ? (value as readonly (string | number | null)[]).map(plain) : plain(value);
}

function completed(target: TableDefinition, row: Row): Row {
  return Object.fromEntries(target.columns.map(({ name, mode }) => [name, row[name] ?? (mode === 'repeated' ? [] : null)]));
}

const READERS: Partial<Record<ColumnType, (cell: string) => Value>> = {
  INT64: Number,
  FLOAT64: Number,
  BOOL: (cell) => cell === 'true',
  TIMESTAMP: (cell) => new Date(cell).toISOString().replace('Z', '000Z'),
};

function cellValue(column: Column, cell: string): Value {
  return cell === '' ? null : (READERS[column.type]?.(cell) ?? cell);
}

/** RFC 4180, for files that tests write. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.length > 1 || (row[0] ?? '') !== '');
}
