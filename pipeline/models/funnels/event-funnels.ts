import { join, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import { builtBy, definitionHash, forgetDefinitions, isRedefined, recordDefinition } from '../definitions.ts';
import { emptyHeld } from '../empty-held.ts';
import { unreadChanges } from '../events/changes.ts';
import { fill } from '../fill.ts';
import type { StepContext } from '../step.ts';
import { entryRows } from './entry-rows.ts';
import { REPORT_EVENT_FUNNELS, STAGED_EVENT_FUNNEL_TABLES, STAGED_EVENT_FUNNELS, STAGED_FUNNEL_VISITORS } from './tables.ts';

const DEFINITION = 'event_funnels';
/** Where one of these was built anew over all history, no queue says whose events changed. */
const SOURCES = ['events', 'sessions'];
const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/**
 * events and sessions → report_event_funnels. A night follows those visitors anew whose events changed since reports last read
 * them; so it must run before the step `reports`.
 */
export async function followVisitors(context: StepContext): Promise<Record<string, Change>> {
  const { warehouse, config, now } = context;
  const { eventFunnels } = config;
  if (eventFunnels.length === 0) return forgetWays(warehouse);
  const rows = (scope: 'all' | 'staged'): Sql =>
    join(
      eventFunnels.map((funnel) => sql`select ${COLUMNS} from (${entryRows(warehouse.dialect, config, funnel, scope)}) as ways`),
      '\nunion all\n',
    );
  const hash = definitionHash([rows('all')], await builtBy(warehouse, SOURCES));
  if (await isRedefined(warehouse, DEFINITION, hash)) {
    const change = await fill(warehouse, REPORT_EVENT_FUNNELS, rows('all'), 'event funnels');
    await recordDefinition(warehouse, DEFINITION, hash, now);
    return { report_event_funnels: change };
  }
  return { report_event_funnels: await night(warehouse, rows('staged')) };
}

const COLUMNS = raw(REPORT_EVENT_FUNNELS.columns.map(({ name }) => name).join(', '));

/** Where the config names none any more. */
async function forgetWays(warehouse: Warehouse): Promise<Record<string, Change>> {
  if ((await builtBy(warehouse, [DEFINITION])) === '[]') return {};
  const { deleted } = await warehouse.load(REPORT_EVENT_FUNNELS, [], { replace: true, label: 'event funnels' });
  await forgetDefinitions(warehouse, [DEFINITION]);
  return { report_event_funnels: { ...NOTHING, deleted } };
}

async function night(warehouse: Warehouse, rows: Sql): Promise<Change> {
  const changed = sql`select distinct anonymous_id from (${unreadChanges('reports')}) as changes`;
  if ((await warehouse.rows(sql`select 1 as one from (${changed}) as changed limit 1`, 'event funnels: changed')).length === 0)
    return NOTHING;
  await emptyHeld(warehouse, STAGED_EVENT_FUNNEL_TABLES, 'event funnels: staged rows');
  await warehouse.append(STAGED_FUNNEL_VISITORS, changed, 'event funnels: changed visitors');
  await warehouse.append(STAGED_EVENT_FUNNELS, rows, 'event funnels: their ways');
  const { deleted } = await warehouse.delete(REPORT_EVENT_FUNNELS, GONE, { label: 'event funnels' });
  const merged = await warehouse.merge(REPORT_EVENT_FUNNELS, sql`select ${COLUMNS} from ${table(STAGED_EVENT_FUNNELS.name)}`, {
    label: 'event funnels',
  });
  await emptyHeld(warehouse, STAGED_EVENT_FUNNEL_TABLES, 'event funnels: staged rows');
  return { ...merged, deleted };
}

const KEY = REPORT_EVENT_FUNNELS.key;
const GONE = sql`
    select ${raw(KEY.map((name) => `former.${name}`).join(', '))}
    from ${table(REPORT_EVENT_FUNNELS.name)} as former
    inner join ${table(STAGED_FUNNEL_VISITORS.name)} as staged on staged.anonymous_id = former.anonymous_id
    left join ${table(STAGED_EVENT_FUNNELS.name)} as found on ${raw(KEY.map((name) => `found.${name} = former.${name}`).join(' and '))}
    where found.funnel_name is null`;
