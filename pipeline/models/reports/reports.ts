import type { Config } from '../../config/schema.ts';
import { raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, TableDefinition, Warehouse } from '../../warehouse/warehouse.ts';
import { TOUCHED_CREDITS } from '../attribution/tables.ts';
import { builtBy, definitionHash, isRedefined, recordDefinition } from '../definitions.ts';
import { emptyHeld } from '../empty-held.ts';
import { forgetChanges, unreadChanges } from '../events/changes.ts';
import { fill } from '../fill.ts';
import { EVERYBODY, forgetPersons, unreadPersons } from '../identity/changes.ts';
import { personKey } from '../identity/person-key.ts';
import { IDENTITIES } from '../identity/tables.ts';
import type { Step, StepContext } from '../step.ts';
import { costRows, creditRows, formerSources, newSources, sessionRows } from './facts.ts';
import { otherCosts } from './other-costs.ts';
import {
  REPORT_COSTS,
  REPORT_CREDITS,
  REPORT_SESSIONS,
  REPORT_SOURCES,
  STAGED_REPORT_CREDITS,
  STAGED_REPORT_PERSONS,
  STAGED_REPORT_SESSIONS,
  STAGED_TABLES,
} from './tables.ts';

const DEFINITION = 'reports';
/** What reports are made from: where one of these was built anew over all history, no queue says what changed. */
const SOURCES = ['sessions', 'identity', 'attribution'];
const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/**
 * sessions, attribution and costs → the tables that reports read. A night makes the sessions of changed persons anew, and
 * then the credits of the conversions that attribution has credited anew, which are all those of such persons; costs, which
 * are few, are compared whole.
 */
export const reports: Step = async (context) => {
  const { warehouse, config, now } = context;
  const { dialect } = warehouse;
  const hash = definitionHash([sessionRows(dialect, config, 'all'), creditRows(dialect, config, 'all')], await builtBy(warehouse, SOURCES));
  const isFull = await isRedefined(warehouse, DEFINITION, hash);
  const changes = isFull ? await rebuild(context) : await night(context);
  const costs = await warehouse.merge(REPORT_COSTS, costRows(dialect), { deleteUnmatched: true, label: 'report costs' });
  const others = await otherCosts(context);
  const sources = Object.values(changes).some(isAny) ? await refreshSources(warehouse) : NOTHING;
  if (isFull) await recordDefinition(warehouse, DEFINITION, hash, now);
  await emptyHeld(warehouse, [...STAGED_TABLES, TOUCHED_CREDITS], 'reports: staged rows');
  await forgetChanges(warehouse, 'reports');
  await forgetPersons(warehouse, 'reports');
  return {
    changes: { ...changes, report_sources: sources, report_costs: costs, report_other_costs: others.change },
    warnings: others.warnings,
  };
};

const isAny = ({ inserted, updated, deleted }: Change): boolean => inserted + updated + deleted > 0;

/** What brings sessions is of few kinds: the facts are asked for their keys, and only new ones are read whole. */
async function refreshSources(warehouse: Warehouse): Promise<Change> {
  const { inserted } = await warehouse.append(REPORT_SOURCES, newSources(), 'report sources: new');
  const { deleted } = await warehouse.delete(REPORT_SOURCES, formerSources(), { label: 'report sources: former' });
  return { inserted, updated: 0, deleted };
}

async function rebuild({ warehouse, config }: StepContext): Promise<Record<string, Change>> {
  return {
    report_sessions: await fill(warehouse, REPORT_SESSIONS, sessionRows(warehouse.dialect, config, 'all'), 'report sessions'),
    report_credits: await fill(warehouse, REPORT_CREDITS, creditRows(warehouse.dialect, config, 'all'), 'report credits'),
  };
}

async function night({ warehouse, config }: StepContext): Promise<Record<string, Change>> {
  const { dialect } = warehouse;
  await emptyHeld(warehouse, STAGED_TABLES, 'reports: staged rows');
  return { report_sessions: await sessionsOfChangedPersons(warehouse, config), report_credits: await touchedCredits() };

  async function touchedCredits(): Promise<Change> {
    const touched = await warehouse.rows(sql`select 1 as one from ${table(TOUCHED_CREDITS.name)} limit 1`, 'report credits: touched');
    if (touched.length === 0) return NOTHING;
    await warehouse.append(STAGED_REPORT_CREDITS, creditRows(dialect, config, 'touched'), 'report credits: touched');
    return takeOver(warehouse, REPORT_CREDITS, STAGED_REPORT_CREDITS, {
      scope: TOUCHED_CREDITS.name,
      on: 'scope.conversion_name = former.conversion_name and scope.id = former.conversion_id',
    });
  }
}

/** The sessions of persons to whom or of whose visitors something changed: their numbers follow from each other. */
async function sessionsOfChangedPersons(warehouse: Warehouse, config: Config): Promise<Change> {
  const { dialect } = warehouse;
  const { inserted: persons } = await warehouse.append(
    STAGED_REPORT_PERSONS,
    sql`
      with changed as (
        ${unreadPersons('reports')}
        union distinct
        select identities.person_id
        from ${table(IDENTITIES.name)} as identities
        inner join (${unreadChanges('reports')}) as changes on changes.anonymous_id = identities.anonymous_id
      )
      select distinct coalesce(identities.person_key, ${personKey(dialect, raw('changed.person_id'))}) as person_key
      from changed
      left join ${table(IDENTITIES.name)} as identities on identities.person_id = changed.person_id
      where changed.person_id <> ${EVERYBODY}`,
    'report sessions: changed persons',
  );
  if (persons === 0) return NOTHING;
  await warehouse.append(STAGED_REPORT_SESSIONS, sessionRows(dialect, config, 'staged'), 'report sessions: of changed persons');
  return takeOver(warehouse, REPORT_SESSIONS, STAGED_REPORT_SESSIONS, {
    scope: STAGED_REPORT_PERSONS.name,
    on: 'scope.person_key = former.person_key',
  });
}

/** Makes a table hold the staged rows; of the rows in scope, those that are not among them go. */
async function takeOver(
  warehouse: Warehouse,
  target: TableDefinition,
  staged: TableDefinition,
  { scope, on }: { readonly scope: string; readonly on: string },
): Promise<Change> {
  const key = target.key.map((name) => `found.${name} = former.${name}`).join(' and ');
  const stale = sql`
    select ${raw(target.key.map((name) => `former.${name}`).join(', '))}
    from ${table(target.name)} as former
    inner join ${table(scope)} as scope on ${raw(on)}
    left join ${table(staged.name)} as found on ${raw(key)}
    where ${raw(`found.${target.key[0]!}`)} is null`;
  // To find that there is none takes a fraction of the time.
  const isAnyStale = (await warehouse.rows(sql`select 1 as one from (${stale}) as stale limit 1`, target.name)).length > 0;
  const { deleted } = isAnyStale ? await warehouse.delete(target, stale, { label: target.name }) : NOTHING;
  const rows = sql`select ${raw(target.columns.map(({ name }) => name).join(', '))} from ${table(staged.name)}`;
  const merged = await warehouse.merge(target, rows, { label: target.name });
  return { ...merged, deleted };
}
