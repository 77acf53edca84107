import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../config/user-error.ts';
import { CONVERSIONS, EXCHANGE_RATES, TOUCHED_CONVERSIONS } from '../models/conversions/tables.ts';
import { isRedefined, recordDefinition } from '../models/definitions.ts';
import { type PublishedRate, crossRates } from '../models/rates/cross-rates.ts';
import { DAYS_OF_A_RATE } from '../models/rates/lookup.ts';
import { counted } from '../models/rates/words.ts';
import { STAGED_RATES } from '../models/rates/tables.ts';
import type { Step, StepContext, StepResult } from '../models/step.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../warehouse/sql.ts';
import type { Row, Warehouse } from '../warehouse/warehouse.ts';
import { ECB_BASE, readEcbFile } from './ecb-file.ts';
import { FEWEST_ROWS_OF_A_LOSS } from './shrink-guard.ts';

const DEFINITION = 'exchange rates';
/** More than this share of the rates may not disappear at once. */
const MAXIMUM_SHRINK = 0.3;

/**
 * The rates of the config → exchange_rates, in units per one of the project's currency. Conversions whose rate is another
 * one now are queued before. Only what differs is written, and nothing while the source says the same.
 */
export const syncRates: Step = async (context) => {
  const { warehouse, config, now } = context;
  const stored = await countRates(warehouse);
  if (config.rates === undefined && stored === 0) return NOTHING;
  const source = await readSource(context);
  if (!(await isRedefined(warehouse, DEFINITION, source.hash))) return NOTHING;
  const rates = source.rates();
  refuseLoss(context, stored, rates.length);
  const result = await write(context, rates);
  await recordDefinition(warehouse, DEFINITION, source.hash, now);
  return result;
};

const NOTHING: StepResult = { changes: {}, warnings: [] };

/** What a source of rates says. */
interface RateSource {
  /** Of what it says, and of the currency it is said for: another one where its rates may be others. */
  readonly hash: string;
  /** Its rates, crossed to the project's currency. */
  readonly rates: () => PublishedRate[];
}

async function readSource({ warehouse, config, configFolder }: StepContext): Promise<RateSource> {
  const { rates, project } = config;
  const hashOf = (contents: string) => createHash('sha256').update(JSON.stringify([project.currency, rates ?? null])).update(contents).digest('hex'); // prettier-ignore
  if (rates === undefined) return { hash: hashOf(''), rates: () => [] };
  if ('csv' in rates) {
    const file = path.resolve(configFolder, rates.csv);
    const text = await textOf(file);
    return { hash: hashOf(text), rates: () => crossRates(ratesOfFile(text, file), ECB_BASE, project.currency) };
  }
  const published = await ratesOfTable(warehouse, rates.table);
  return { hash: hashOf(JSON.stringify(published)), rates: () => crossRates(published, rates.base, project.currency) };
}

async function write({ warehouse }: StepContext, rates: readonly PublishedRate[]): Promise<StepResult> {
  const label = 'exchange rates';
  const changed = await differences(warehouse, rates);
  if (changed.length === 0) return NOTHING;
  await warehouse.load(STAGED_RATES, changed, { replace: true, label });
  await warehouse.append(TOUCHED_CONVERSIONS, touchedConversions(warehouse.dialect), 'conversions with another rate');
  const gone = sql`select date, currency from ${table(STAGED_RATES.name)} where rate is null`;
  const { deleted } = await warehouse.delete(EXCHANGE_RATES, gone, { label });
  const now = sql`select date, currency, rate from ${table(STAGED_RATES.name)} where rate is not null`;
  const merged = await warehouse.merge(EXCHANGE_RATES, now, { label });
  await warehouse.load(STAGED_RATES, [], { replace: true, label });
  return { changes: { exchange_rates: { ...merged, deleted } }, warnings: [] };
}

/** Rows of staged_exchange_rates: the rates that are not stored so, and the stored ones that are no more. */
async function differences(warehouse: Warehouse, rates: readonly PublishedRate[]): Promise<Row[]> {
  const stored = new Map<string, number>();
  const query = sql`select date, currency, rate from ${table(EXCHANGE_RATES.name)}`;
  for await (const columns of warehouse.batches(query, 'exchange rates')) {
    const [dates, currencies, values] = columns as [string[], string[], number[]];
    for (const [i, date] of dates.entries()) stored.set(`${date} ${currencies[i]!}`, values[i]!);
  }
  const changed: Row[] = [];
  for (const { date, currency, rate } of rates) {
    const key = `${date} ${currency}`;
    if (stored.get(key) !== rate) changed.push({ date, currency, rate });
    stored.delete(key);
  }
  for (const key of stored.keys()) {
    const [date, currency] = key.split(' ') as [string, string];
    changed.push({ date, currency, rate: null });
  }
  return changed;
}

async function countRates(warehouse: Warehouse): Promise<number> {
  const [count] = await warehouse.rows<{ rates: number }>(
    sql`select count(*) as rates from ${table(EXCHANGE_RATES.name)}`,
    'exchange rates',
  );
  return count!.rates;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`rates.csv: ${file} cannot be read; save it again or correct the path`, { cause: error });
  }
}

function ratesOfFile(text: string, file: string): PublishedRate[] {
  const { days } = readEcbFile(text, `rates.csv: ${file}`);
  return [...days].flatMap(([date, ofDay]) => [...ofDay].map(([currency, rate]) => ({ date, currency, rate })));
}

/** @throws UserError where the table lacks a column, or a row is no rate: none is guessed. */
async function ratesOfTable(warehouse: Warehouse, name: string): Promise<PublishedRate[]> {
  const { dialect } = warehouse;
  const parts = name.split('.');
  const from = parts.length === 1 ? sql`${table(name)}` : join(parts.map((part) => dialect.identifier(part)), '.'); // prettier-ignore
  const query = sql`
    select cast(rates.date as date) as date, ${dialect.upperAscii(dialect.trim(raw('rates.currency')))} as currency, rates.rate * 1e0 as rate
    from ${from} as rates
    order by date nulls first, currency nulls first, rate nulls first`;
  const found: PublishedRate[] = [];
  const seen = new Set<string>();
  const refuse = (date: unknown, currency: unknown, message: string) =>
    new UserError(`rates.table: ${name}: the row (${String(date)}, ${String(currency)}) ${message}`);
  for await (const columns of batchesOf(warehouse, query, name)) {
    const [dates, currencies, rates] = columns as [(string | null)[], (string | null)[], (number | null)[]];
    for (const [i, date] of dates.entries()) {
      const [currency, rate] = [currencies[i]!, rates[i]!];
      if (date === null || currency === null) throw refuse(date, currency, 'has no date or no currency');
      if (!(rate > 0 && Number.isFinite(rate))) throw refuse(date, currency, `has the rate ${rate}; expected a number above 0`);
      if (seen.has(`${date} ${currency}`)) throw refuse(date, currency, 'stands there twice');
      seen.add(`${date} ${currency}`);
      found.push({ date, currency, rate });
    }
  }
  return found;
}

async function* batchesOf(warehouse: Warehouse, query: Sql, name: string): AsyncGenerator<readonly (readonly unknown[])[]> {
  try {
    yield* warehouse.batches(query, 'exchange rates');
  } catch (error) {
    if (error instanceof UserError && error.message.startsWith('rates.table')) throw error;
    throw new UserError(
      `rates.table: ${name} cannot be read: ${error instanceof Error ? error.message : String(error)}\n` +
        'expected the columns date DATE, currency STRING and rate FLOAT64',
      { cause: error },
    );
  }
}

/** A broken file of rates takes no conversion its value. */
function refuseLoss({ config, allowMassDelete = false }: StepContext, before: number, after: number): void {
  const lost = before - after;
  if (config.rates === undefined || allowMassDelete || before === 0) return;
  if (after > 0 && (lost <= before * MAXIMUM_SHRINK || lost < FEWEST_ROWS_OF_A_LOSS)) return;
  throw new UserError(
    `rates: the source has ${counted(after, 'rate')} to ${config.project.currency} where it had ${counted(before, 'rate')}; ` +
      `at most ${MAXIMUM_SHRINK * 100} % may disappear at once. Nothing was changed, because a broken source must not take values away. ` +
      'A file of one day is added to the others with `touchtrail sources rates FILE`. If the loss is meant, use `touchtrail run --allow-mass-delete`.',
  );
}

/** Keys of the conversions whose day, or one of the days before that count, has another rate now; without those queued already. */
function touchedConversions(dialect: Dialect): Sql {
  return sql`
    with needed as (
      select distinct currency, conversion_date from ${table(CONVERSIONS.name)} where original_value is not null
    ),
    changed_days as (
      select distinct needed.currency, needed.conversion_date
      from needed
      inner join ${table(STAGED_RATES.name)} as changed
        on changed.currency = needed.currency
        and changed.date <= needed.conversion_date
        and changed.date >= ${dialect.dateAdd(raw('needed.conversion_date'), raw(String(-DAYS_OF_A_RATE)))}
    )
    select conversions.conversion_name, conversions.id
    from ${table(CONVERSIONS.name)} as conversions
    inner join changed_days on changed_days.currency = conversions.currency and changed_days.conversion_date = conversions.conversion_date
    left join ${table(TOUCHED_CONVERSIONS.name)} as queued
      on queued.conversion_name = conversions.conversion_name and queued.id = conversions.id
    where conversions.original_value is not null and queued.id is null`;
}
