import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql, table } from '../../warehouse/sql.ts';
import { EXCHANGE_RATES, LARGEST_VALUE } from '../conversions/tables.ts';

/** Without a rate of the day itself, the last one of at most so many days before serves, and is marked by its day. */
export const DAYS_OF_A_RATE = 7;

/**
 * The rate of each (currency, day): query of (currency, day, rate, rate_date), without those that have none. A rate is
 * how many units of the currency one unit of the project's is worth.
 * @param needed FROM item with the columns `currency` and `day`; rows may repeat.
 */
export function ratesOf(dialect: Dialect, needed: Sql, projectCurrency: string): Sql {
  const earliest = dialect.dateAdd(raw('needed.day'), raw(String(-DAYS_OF_A_RATE)));
  return sql`
    select found.currency, found.day, known.rate, found.rate_date
    from (
      select needed.currency, needed.day, max(rates.date) as rate_date
      from (select distinct currency, day from ${needed} where currency <> ${projectCurrency}) as needed
      inner join ${table(EXCHANGE_RATES.name)} as rates
        on rates.currency = needed.currency and rates.date <= needed.day and rates.date >= ${earliest}
      group by needed.currency, needed.day
    ) as found
    inner join ${table(EXCHANGE_RATES.name)} as known on known.currency = found.currency and known.date = found.rate_date`;
}

/**
 * An amount in micros of the project currency, rounded half away from zero; NULL without a rate, and where micros could
 * not hold it.
 * @param amount FLOAT64 in units of `currency`; @param rate that of {@link ratesOf}, NULL where there is none.
 */
export function projectMicros(dialect: Dialect, amount: Sql, currency: Sql, rate: Sql, projectCurrency: string): Sql {
  const converted = sql`if(${currency} = ${projectCurrency}, ${amount}, ${amount} / nullif(${rate}, 0))`;
  return sql`if(abs(${converted}) <= ${raw(String(LARGEST_VALUE))}, ${dialect.micros(converted)}, null)`;
}
