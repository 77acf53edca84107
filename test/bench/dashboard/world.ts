import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PUBLISHED_ACCOUNTS } from '../../../pipeline/models/accounting/published.ts';
import { ATTRIBUTION } from '../../../pipeline/models/attribution/tables.ts';
import { CONVERSIONS } from '../../../pipeline/models/conversions/tables.ts';
import { COSTS } from '../../../pipeline/models/costs/tables.ts';
import { REPORT_FUNNEL } from '../../../pipeline/models/funnels/tables.ts';
import {
  type Pointer,
  POINTER_FILE,
  PUBLICATION as PUBLICATION_TABLE,
  PUBLICATIONS_FOLDER,
} from '../../../pipeline/models/reports/publication.ts';
import { PUBLISHED_DEFINITIONS } from '../../../pipeline/models/reports/published-definitions.ts';
import { PUBLISHED_TABLES } from '../../../pipeline/night/publish.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../../pipeline/warehouse/duckdb/duckdb.ts';
import { fillPublication, PUBLICATION, type Size } from '../reading/world.ts';

/** Writes a data folder whose publication is that of the bench `reading`, with what pages ask for beside reports. */
export async function publishYear(dataFolder: string, size: Size): Promise<void> {
  const folder = path.join(dataFolder, PUBLICATIONS_FOLDER);
  await mkdir(folder, { recursive: true });
  const { publication_id, published_at, data_up_to, config } = PUBLICATION;
  const file = `${publication_id}.duckdb`;
  const warehouse = await openDuckDb(path.join(folder, file));
  try {
    await warehouse.session.run('set threads = 2', 'threads');
    await fillPublication(warehouse, size);
    await fillPages(warehouse);
    await warehouse.load(PUBLICATION_TABLE, [{ publication_id, published_at, data_up_to, config: JSON.stringify(config) }]);
  } finally {
    await warehouse.close();
  }
  const pointer: Pointer = { publication_id, file, published_at, definition: 'bench' };
  await writeFile(path.join(folder, POINTER_FILE), JSON.stringify(pointer));
}

/** The conversions that the credits are of, linked to the lead before them, their credits, and the costs as they were loaded. */
export async function fillPages(warehouse: DuckDbWarehouse): Promise<void> {
  const tables = [...PUBLISHED_TABLES, PUBLICATION_TABLE, PUBLISHED_DEFINITIONS, PUBLISHED_ACCOUNTS];
  await warehouse.migrate(tables);
  const statements = [
    `insert into ${CONVERSIONS.name} by name
    select conversion_name, conversion_id as id, cast(conversion_date as timestamptz) as conversion_time,
      cast(conversion_date as timestamptz) as attribution_time, conversion_date, conversion_id as lead_id, value_micros,
      value_micros as raw_value_micros, is_qualified, [] as params, person_key
    from report_credits
    where model = 'last_click'
    order by conversion_date`,
    // Every fourth conversion is a deal, and the one before it its lead.
    `insert into ${REPORT_FUNNEL.name} by name
    select deals.conversion_name, deals.id, leads.id as lead_id, 'lead_id' as linked_by, deals.conversion_time, deals.conversion_date,
      leads.conversion_time as lead_time, deals.value_micros, leads.id is not null as is_first,
      case when leads.id is not null then 1 end as lead_conversions, case when leads.id is not null then 1 end as lead_valued,
      case when leads.id is not null then deals.value_micros end as lead_value_micros
    from conversions as deals
    left join conversions as leads
      on leads.conversion_name = 'lead' and leads.id = 'C' || lpad(cast(cast(substr(deals.id, 2) as bigint) - 1 as varchar), 9, '0')
    where deals.conversion_name = 'closed_won'
    order by deals.conversion_date`,
    `insert into ${ATTRIBUTION.name} by name
    select conversion_name, conversion_id, model, session_id, credit, value_micros, cast(click_date as timestamptz) as click_time
    from report_credits`,
    `insert into ${COSTS.name} by name
    select click_date as date, ad_platform as platform, '1' as account_id, account, ad_group as campaign_id, campaign, ad_group as ad_group_id,
      ad_group, '' as ad_id, source, medium, channel, cost_micros, cost_micros / 1e6 as original_cost, currency, impressions, clicks
    from report_costs`,
    'checkpoint',
  ];
  for (const statement of statements) await warehouse.session.run(statement, 'bench: what pages ask for');
}
