import type { Warehouse } from '../../../pipeline/warehouse/warehouse.ts';
import { ATTRIBUTION } from '../../../pipeline/models/attribution/tables.ts';
import { SESSIONS } from '../../../pipeline/models/sessions/tables.ts';
import { raw, sql, table } from '../../../pipeline/warehouse/sql.ts';
import { PREFIX_LENGTH, prefixOf } from './rows.ts';
import { type CausalWorld, totalVariation } from './world.ts';

/** How far the credits of a model are from the truth, world by world: total variation of the shares of the channels, 0 to 1. */
export type ModelErrors = ReadonlyMap<string, readonly number[]>;

interface CreditRow {
  readonly model: string;
  readonly world: string;
  readonly channel: string;
  readonly credit: number;
}

/** The errors of all models whose credits stand in `attribution`, for the worlds that were loaded. */
export async function modelErrors(warehouse: Warehouse, worlds: readonly CausalWorld[]): Promise<ModelErrors> {
  const rows = await warehouse.rows<CreditRow>(
    sql`
      select
        credits.model, substr(credits.conversion_id, 1, ${raw(String(PREFIX_LENGTH))}) as world, sessions.channel,
        sum(credits.credit / 1e9) as credit
      from ${table(ATTRIBUTION.name)} as credits
      inner join ${table(SESSIONS.name)} as sessions on sessions.session_id = credits.session_id
      group by credits.model, world, sessions.channel`,
    'causal: credits',
  );
  return new Map(
    [...Map.groupBy(rows, ({ model }) => model)].map(([model, own]) => [
      model,
      worlds.map(({ truth }, place) => {
        const credits = own.filter(({ world }) => world === prefixOf(place));
        const total = credits.reduce((sum, { credit }) => sum + credit, 0);
        return totalVariation(new Map(credits.map(({ channel, credit }) => [channel, credit / total])), truth);
      }),
    ]),
  );
}
