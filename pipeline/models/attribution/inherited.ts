import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { valueOf } from './shares.ts';
import { type Computed, as, selected } from './steps.ts';
import { creditColumn, valueColumn } from './tables.ts';

/** The models that are gone through together, and the number of their pass in what is stored. */
export interface Pass {
  readonly number: number;
  /** Names of the models. */
  readonly models: readonly string[];
}

const TOUCH = 'conversion_number, value_micros, session_id, click_time, reason, channel, inherited_from_name, inherited_from_id';
const credited = (model: string): string => `credited_${model}`;
const names = (models: readonly string[], name: (model: string) => string): Sql => raw(models.map(name).join(', '));

/**
 * CTEs of conversions that inherit: `heirs`, the credits they have from their parents, and `own`, those of `asked` whose
 * parent has none to give.
 * @param parents a query with the columns of {@link CreditTables.touches}.
 * @param columns those of `own`.
 */
export function inherited(parents: Sql, { number, models }: Pass, columns: readonly string[]): Sql {
  return sql`
    heirs as (
      select
        asked.conversion_number, asked.value_micros, credits.session_id, credits.click_time, credits.reason, credits.channel,
        coalesce(credits.inherited_from_name, credits.conversion_name) as inherited_from_name,
        coalesce(credits.inherited_from_id, credits.conversion_id) as inherited_from_id,
        ${names(models, (model) => `credits.${creditColumn(model)}`)}
      from asked
      inner join (${parents}
      ) as credits on credits.conversion_name = asked.parent_name and credits.conversion_id = asked.parent_id
      where credits.pass = ${raw(String(number))} and (credits.session_id <> '' or credits.channel is not null)
    ),
    own as (
      select ${raw(columns.map((name) => `asked.${name}`).join(', '))}
      from asked
      left join (select distinct conversion_number from heirs) as heirs on heirs.conversion_number = asked.conversion_number
      where heirs.conversion_number is null
    ),`;
}

/** CTEs from `heirs` to `inherited_values`, where the value of each conversion is divided by the credits it inherits. */
export function inheritedValues(dialect: Dialect, { models }: Pass): Sql {
  const order = raw('partition by conversion_number order by session_id nulls first rows between unbounded preceding and current row');
  const sums = models.map((model): Computed => as(sql`cast(sum(${raw(creditColumn(model))}) over (${order}) as int64)`, credited(model)));
  const values = models.map((model): Computed => {
    const [value, credit, share] = [raw('value_micros'), raw(creditColumn(model)), raw(credited(model))];
    return as(valueOf(dialect, { value, credit, credited: share }), valueColumn(model));
  });
  return sql`
    credited_heirs as (
      select ${raw(TOUCH)}, ${names(models, creditColumn)}, ${join(sums.map(selected))}
      from heirs
    ),
    inherited_values as (
      select ${raw(TOUCH)}, ${names(models, creditColumn)}, ${join(values.map(selected))}
      from credited_heirs
    ),`;
}
