import type { Config } from '../../../config/schema.ts';
import { type Sql, join, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { counted, noRate, noRatesYet } from '../../rates/words.ts';
import { CONVERSIONS, CONVERSION_RECORDS } from '../tables.ts';
import { inheritances } from './graph.ts';

/** What the reader must know of all conversions as they stand: values in no total, rows that were dropped. */
export async function deriveWarnings(warehouse: Warehouse, config: Config): Promise<string[]> {
  return [...(await withoutRate(warehouse, config)), ...(await withoutParent(warehouse, config))];
}

async function withoutRate(warehouse: Warehouse, config: Config): Promise<string[]> {
  const { currency } = config.project;
  const rows = await warehouse.rows<{ conversion_name: string; currency: string; amounts: number; first_day: string; last_day: string }>(
    sql`
      select conversion_name, currency, count(*) as amounts, min(conversion_date) as first_day, max(conversion_date) as last_day
      from ${table(CONVERSIONS.name)}
      where original_value is not null and raw_value_micros is null
      group by conversion_name, currency
      order by conversion_name nulls first, currency nulls first`,
    'conversion values',
  );
  return rows.map(({ conversion_name, currency: other, amounts, first_day, last_day }) => {
    const which = `conversion ${conversion_name}: ${counted(amounts, 'value')} in ${other} ${amounts === 1 ? 'is' : 'are'} in no total`;
    if (config.rates === undefined) return `${which}: ${noRatesYet(currency)}`;
    return `${which}: ${noRate(other, first_day, last_day)}`;
  });
}

/** A query per conversion that drops what matches no parent: how many of its records are no conversions. */
async function withoutParent(warehouse: Warehouse, config: Config): Promise<string[]> {
  const strict = inheritances(config).filter(({ onlyMatched }) => onlyMatched);
  if (strict.length === 0) return [];
  const queries = strict.map(
    ({ name }): Sql => sql`
      select
        ${name} as conversion_name,
        (select count(*) from ${table(CONVERSION_RECORDS.name)} where conversion_name = ${name} and not is_removed)
          - (select count(*) from ${table(CONVERSIONS.name)} where conversion_name = ${name}) as dropped`,
  );
  const rows = await warehouse.rows<{ conversion_name: string; dropped: number }>(
    join(queries, '\n      union all'),
    'dropped conversions',
  );
  return strict.flatMap(({ name, parent }) => {
    const { dropped } = rows.find(({ conversion_name }) => conversion_name === name)!;
    if (dropped === 0) return [];
    return [
      `conversion ${name}: ${counted(dropped, 'row')} with a lead_id that is no ${parent}, or without one, ${dropped === 1 ? 'is' : 'are'} dropped (inherit.onlyMatched)`,
    ];
  });
}
