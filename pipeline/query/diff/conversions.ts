import { raw, sql } from '../../warehouse/sql.ts';
import { creditFacts, keyedFacts } from './keys.ts';
import { type PublicationPair, SIDES } from './pair.ts';
import type { DiffQuery } from './schema.ts';

/** The conversion and the model that a comparison of conversions is about. */
export interface Compared {
  readonly query: DiffQuery;
  readonly conversion: string;
  readonly model: string;
}

/** What each conversion counts for, by value of the dimension, in both publications. */
export const CONTRIBUTIONS = 'contributions';
/** Of them those that differ. */
export const MOVES = 'moves';

const sum = (column: string, isLater: boolean) => sql`cast(sum(if(is_later = ${isLater}, ${raw(column)}, 0)) as int64)`;

/** Makes {@link CONTRIBUTIONS} and {@link MOVES}. */
export async function makeContributions(pair: PublicationPair, { query, conversion, model }: Compared): Promise<void> {
  const columns = raw('facts.conversion_id, facts.credit, coalesce(facts.value_micros, 0) as value_micros');
  const condition = sql`facts.conversion_name = ${conversion} and facts.model = ${model}`;
  for (const side of SIDES) {
    const facts = keyedFacts(pair, side, query, creditFacts(query), columns, condition);
    await pair.make(`${side}_credits`, facts, 'credits', side);
  }
  await pair.make(
    CONTRIBUTIONS,
    sql`
    select conversion_id, key,
      ${sum('credit', false)} as earlier_credit, ${sum('credit', true)} as later_credit,
      ${sum('value_micros', false)} as earlier_value, ${sum('value_micros', true)} as later_value
    from (
      select conversion_id, key, credit, value_micros, false as is_later from earlier_credits
      union all
      select conversion_id, key, credit, value_micros, true as is_later from later_credits
    ) as credits
    group by conversion_id, key`,
    'credits of both publications',
  );
  await pair.make(
    MOVES,
    sql`select * from ${raw(CONTRIBUTIONS)} where earlier_credit <> later_credit or earlier_value <> later_value`,
    'credits that differ',
  );
}
