import { unreachableRules } from '../../config/unreachable-rules.ts';
import { join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change } from '../../warehouse/warehouse.ts';
import { definitionHash, isRedefined, recordDefinition } from '../definitions.ts';
import { forgetChanges } from '../events/changes.ts';
import { fill } from '../fill.ts';
import type { Step, StepContext } from '../step.ts';
import { formerSessions, stageIslands } from './islands.ts';
import { sessionRows } from './session-rows.ts';
import { SESSIONS, STAGED_ISLANDS, STAGED_SESSIONS } from './tables.ts';
import { allVisitEvents, islandVisitEvents } from './visit-events.ts';

/**
 * events → sessions. Where they are defined otherwise than when they were built, all of them; else those that the changes
 * of events since the last time can have touched.
 */
export const sessions: Step = async (context) => {
  const { warehouse, config, now } = context;
  const all = sessionRows(warehouse.dialect, config, allVisitEvents());
  const hash = definitionHash([all]);
  const isNew = await isRedefined(warehouse, 'sessions', hash);
  const change = isNew ? await fill(warehouse, SESSIONS, all, 'sessions') : await catchUp(context);
  await forgetChanges(warehouse, 'sessions');
  if (isNew) await recordDefinition(warehouse, 'sessions', hash, now);
  return { changes: { sessions: change }, warnings: unreachableRules(config.channels) };
};

async function catchUp({ warehouse, config }: StepContext): Promise<Change> {
  const { dialect } = warehouse;
  const days = await stageIslands(warehouse, config);
  if (days.length === 0) return { inserted: 0, updated: 0, deleted: 0 };
  await warehouse.load(STAGED_SESSIONS, [], { replace: true, label: 'sessions of islands' });
  await warehouse.append(STAGED_SESSIONS, sessionRows(dialect, config, islandVisitEvents(dialect, days)), 'sessions of islands');
  const staged = sql`select ${join(SESSIONS.columns.map(({ name }) => raw(name)))} from ${table(STAGED_SESSIONS.name)}`;
  const current = sql`select session_id from ${table(STAGED_SESSIONS.name)}`;
  const stale = sql`
    select former.session_id
    from (${formerSessions(dialect, days)}
    ) as former
    left join (${current}) as current_sessions on current_sessions.session_id = former.session_id
    where current_sessions.session_id is null`;
  const merged = await warehouse.merge(SESSIONS, staged, { days, label: 'sessions' });
  const { deleted } = await warehouse.delete(SESSIONS, stale, { days, label: 'sessions' });
  for (const target of [STAGED_ISLANDS, STAGED_SESSIONS]) await warehouse.load(target, [], { replace: true, label: target.name });
  return { ...merged, deleted };
}
