import { UserError } from '../../config/user-error.ts';
import { join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import { definitionHash, forgetDefinitions, isRedefined, recordDefinition } from '../definitions.ts';
import { forgetChanges, unreadDays } from '../events/changes.ts';
import { fill } from '../fill.ts';
import type { Step, StepContext } from '../step.ts';
import { blockedRows } from './blocked.ts';
import { addEverybody, addPersons } from './changes.ts';
import { decide } from './decide.ts';
import { identityRows, idRows, numberedEdgeRows, verdictRows } from './edges.ts';
import { crmKeyRows, eventKeyRows, visitorRows } from './evidence.ts';
import { COUNT_OF_MOVES, ledgerRows } from './ledger.ts';
import { linkRows } from './links.ts';
import { MEMBERS_NOW, gatherClusters, stageChanges } from './night.ts';
import { stageResults } from './results.ts';
import {
  IDENTITIES,
  IDENTITY_BLOCKED_VALUES,
  IDENTITY_CHANGES,
  IDENTITY_EDGES,
  IDENTITY_KEYS,
  STAGED_BLOCKED_VALUES,
  STAGED_EDGES,
  STAGED_GATHERED,
  STAGED_IDENTITIES,
  STAGED_IDS,
  STAGED_KEYS,
  STAGED_LOST_EDGES,
  STAGED_LOST_IDENTITIES,
  STAGED_LOST_KEYS,
  STAGED_LOST_USER_IDENTITIES,
  STAGED_PERSONS,
  STAGED_TABLES,
  STAGED_TOUCHED_KEYS,
  STAGED_USER_IDENTITIES,
  STAGED_VERDICTS,
  STAGED_VISITORS,
  USER_IDENTITIES,
} from './tables.ts';
import { LOST_USER_IDENTITIES, userIdentityRows } from './user-identities.ts';

const DEFINITION = 'identity';
/** Stands among the definitions while the published tables are written: found by the next run, it means that one was killed there. */
const WRITING = 'identity, being written';

type Changes = Record<string, Change>;
type Model = Pick<StepContext, 'warehouse' | 'config' | 'now'>;

/**
 * events and CRM sources → identity_keys → identity_edges → identities → user_identities.
 *
 * SQL finds the edges and codes them as integers; they stream through a union-find, and what it decided (refused edges,
 * merged ids) is loaded back and joined. A night does so with the clusters that something touched, with all of their
 * edges; no verdict of another one could differ. The first run, one with other rules or code, and one after a run that
 * was killed while it wrote do so with all.
 */
export const identity: Step = async (context) => {
  const { warehouse } = context;
  const hash = definitionOf(context);
  await emptyStaged(warehouse);
  const isFull = (await isRedefined(warehouse, DEFINITION, hash)) || !(await isRedefined(warehouse, WRITING, hash));
  const changes = isFull ? await rebuild(context) : await night(context);
  if (isFull) await recordDefinition(warehouse, DEFINITION, hash, context.now);
  await forgetDefinitions(warehouse, [WRITING]);
  await forgetChanges(warehouse, 'identity');
  await emptyStaged(warehouse);
  return { changes, warnings: await refusalWarnings(warehouse) };
};

/** Empties the staged tables: after a run, and before one, which finds rows where the last one was killed. */
async function emptyStaged(warehouse: Warehouse): Promise<void> {
  const label = 'identity: staged rows';
  const held = STAGED_TABLES.map(({ name }) => sql`select ${name} as name from (select 1 as one from ${table(name)} limit 1) as held`);
  const names = new Set((await warehouse.rows<{ name: string }>(join(held, '\nunion all '), label)).map(({ name }) => name));
  for (const staged of STAGED_TABLES) if (names.has(staged.name)) await warehouse.load(staged, [], { replace: true, label });
}

/** What decides the rows besides the data: not the blocked values of the CRM's domains, which are data. */
function definitionOf({ warehouse, config }: Pick<StepContext, 'warehouse' | 'config'>): string {
  const { dialect } = warehouse;
  const crm = crmKeyRows(dialect, config, raw(''));
  const queries = [eventKeyRows(dialect), ...(crm ? [crm] : []), linkRows(dialect, config, 'all'), numberedEdgeRows(dialect, config)];
  return definitionHash(queries, VERSION, String(config.identity.maximumComponentSize));
}

/** Changes where code that is not SQL decides otherwise: the union-find and what is done with it. */
const VERSION = '1';

async function rebuild({ warehouse, config, now }: Model): Promise<Changes> {
  const { dialect } = warehouse;
  const label = 'identity: rebuild';
  await startWriting({ warehouse, config, now });
  await addEverybody(warehouse);
  await warehouse.append(STAGED_VISITORS, visitorRows(), label);
  const visitors = sql`select anonymous_id, first_seen from ${table(STAGED_VISITORS.name)}`;
  const crm = crmKeyRows(dialect, config, visitors);
  const evidence = join(
    [eventKeyRows(dialect), ...(crm ? [crm] : [])].map((query) => sql`select ${KEY_COLUMNS} from (${query}\n) as evidence`),
    '\nunion all ',
  );
  const keys = await fill(warehouse, IDENTITY_KEYS, evidence, 'identity keys');
  await fill(warehouse, IDENTITY_BLOCKED_VALUES, blockedRows(dialect, config), label);
  await warehouse.append(STAGED_GATHERED, linkRows(dialect, config, 'all'), label);
  await resolve({ warehouse, config, now }, visitors);
  const edges = await fill(warehouse, IDENTITY_EDGES, verdictRows(dialect, config), 'identity edges');
  const people = sql`select ${IDENTITY_COLUMNS} from ${table(STAGED_IDENTITIES.name)}`;
  const identities = await fill(warehouse, IDENTITIES, people, 'identities');
  await refuseCollisions(warehouse);
  const users = await fill(warehouse, USER_IDENTITIES, userIdentityRows('all'), 'user identities');
  return { identity_keys: keys, identity_edges: edges, identities, user_identities: users };
}

const columnsOf = (target: { readonly columns: readonly { readonly name: string }[] }) =>
  raw(target.columns.map(({ name }) => name).join(', '));
const KEY_COLUMNS = columnsOf(IDENTITY_KEYS);
const IDENTITY_COLUMNS = columnsOf(IDENTITIES);
const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

async function night(context: Model): Promise<Changes> {
  const { warehouse, config } = context;
  await stageChanges(warehouse, config, await unreadDays(warehouse, 'identity'));
  const [staged] = await warehouse.rows<{ visitors: number; keys: number }>(
    sql`
      select
        (select count(*) from ${table(STAGED_VISITORS.name)}) as visitors,
        (select count(*) from ${table(STAGED_TOUCHED_KEYS.name)}) as keys`,
    'identity: changes',
  );
  if (staged!.visitors === 0 && staged!.keys === 0) {
    return { identity_keys: NOTHING, identity_edges: NOTHING, identities: NOTHING, user_identities: NOTHING };
  }
  await startWriting(context);
  const days = await stagedDays(warehouse);
  const keys = await warehouse.merge(IDENTITY_KEYS, sql`select ${KEY_COLUMNS} from ${table(STAGED_KEYS.name)}`, {
    days,
    label: 'identity keys',
  });
  const lostKeys = await warehouse.delete(IDENTITY_KEYS, columnsQuery(STAGED_LOST_KEYS, IDENTITY_KEYS.key), {
    days,
    label: 'identity keys',
  });
  await warehouse.merge(IDENTITY_BLOCKED_VALUES, columnsQuery(STAGED_BLOCKED_VALUES, IDENTITY_BLOCKED_VALUES.key), {
    deleteUnmatched: true,
    label: 'identity: blocked values',
  });
  await gatherClusters(warehouse, config);
  await resolve(context, MEMBERS_NOW);
  const lost = await stageResults(warehouse, config);
  await addPersons(warehouse, sql`select person_id from ${table(STAGED_PERSONS.name)}`);
  const lostPeople =
    lost.lostIdentities === 0
      ? NOTHING
      : await warehouse.delete(IDENTITIES, columnsQuery(STAGED_LOST_IDENTITIES, IDENTITIES.key), { label: 'identities' });
  const identities = await warehouse.merge(IDENTITIES, sql`select ${IDENTITY_COLUMNS} from ${table(STAGED_IDENTITIES.name)}`, {
    label: 'identities',
  });
  const lostEdges =
    lost.lostEdges === 0
      ? NOTHING
      : await warehouse.delete(IDENTITY_EDGES, columnsQuery(STAGED_LOST_EDGES, IDENTITY_EDGES.key), { label: 'identity edges' });
  const edges = await warehouse.merge(IDENTITY_EDGES, sql`select ${columnsOf(IDENTITY_EDGES)} from ${table(STAGED_VERDICTS.name)}`, {
    label: 'identity edges',
  });
  await refuseCollisions(warehouse);
  await warehouse.append(STAGED_USER_IDENTITIES, userIdentityRows('listed'), 'identity: identifiers of persons');
  const { inserted: lostRows } = await warehouse.append(
    STAGED_LOST_USER_IDENTITIES,
    LOST_USER_IDENTITIES,
    'identity: identifiers that went',
  );
  const lostUsers =
    lostRows === 0
      ? NOTHING
      : await warehouse.delete(USER_IDENTITIES, columnsQuery(STAGED_LOST_USER_IDENTITIES, USER_IDENTITIES.key), {
          label: 'user identities',
        });
  const users = await warehouse.merge(
    USER_IDENTITIES,
    sql`select ${columnsOf(USER_IDENTITIES)} from ${table(STAGED_USER_IDENTITIES.name)}`,
    { label: 'user identities' },
  );
  return {
    identity_keys: total(keys, lostKeys),
    identity_edges: total(edges, lostEdges),
    identities: total(identities, lostPeople),
    user_identities: total(users, lostUsers),
  };
}

const columnsQuery = (source: { readonly name: string }, columns: readonly string[]) =>
  sql`select ${raw(columns.join(', '))} from ${table(source.name)}`;

const total = (one: Change, other: Change): Change => ({
  inserted: one.inserted + other.inserted,
  updated: one.updated + other.updated,
  deleted: one.deleted + other.deleted,
});

async function startWriting(context: Model): Promise<void> {
  await recordDefinition(context.warehouse, WRITING, definitionOf(context), context.now);
}

/** The days of the evidence that is written. */
async function stagedDays(warehouse: Warehouse): Promise<string[]> {
  const rows = await warehouse.rows<{ day: string }>(
    sql`
      select day from ${table(STAGED_KEYS.name)}
      union distinct
      select day from ${table(STAGED_LOST_KEYS.name)}
      order by day nulls first`,
    'identity: days',
  );
  return rows.map(({ day }) => day);
}

/** From staged_gathered to staged_identities and the verdicts, and the ledger of what that changes. */
async function resolve({ warehouse, config, now }: Model, members: Parameters<typeof idRows>[1]): Promise<void> {
  const { dialect } = warehouse;
  await warehouse.append(STAGED_IDS, idRows(dialect, members), 'identity: ids');
  await warehouse.append(STAGED_EDGES, numberedEdgeRows(dialect, config), 'identity: edges');
  await decide(warehouse, config);
  await warehouse.append(STAGED_IDENTITIES, identityRows(dialect), 'identity: persons');
  const [counted] = await warehouse.rows<{ moves: number }>(COUNT_OF_MOVES, 'identity: moves');
  if (counted!.moves > 0) await warehouse.merge(IDENTITY_CHANGES, ledgerRows(now), { label: 'identity changes' });
}

/** Two persons with one key would be counted as one. */
async function refuseCollisions(warehouse: Warehouse): Promise<void> {
  const [collision] = await warehouse.rows<{ person_key: string; first_person: string; last_person: string }>(
    sql`
      select ${warehouse.dialect.castText(raw('known.person_key'))} as person_key, min(known.person_id) as first_person, max(known.person_id) as last_person
      from ${table(IDENTITIES.name)} as known
      inner join (select distinct person_key from ${table(STAGED_IDENTITIES.name)}) as changed on changed.person_key = known.person_key
      group by known.person_key
      having min(known.person_id) <> max(known.person_id)
      order by known.person_key nulls first
      limit 1`,
    'person keys',
  );
  if (!collision) return;
  throw new UserError(
    `identity: the persons "${collision.first_person}" and "${collision.last_person}" have the same person_key ${collision.person_key}: ` +
      'their hashes begin alike, so that reports would count them as one. Please report this; nothing was published.',
  );
}

const REFUSALS: Readonly<Record<string, (edges: number) => string>> = {
  shared_key: (edges) => `${edges} edges of identifiers that are shared by more visitors than their cap link nobody`,
  shared_device: (edges) => `${edges} edges of shared devices (more than 3 e-mail addresses or user ids) link nobody`,
  size_cap: (edges) => `${edges} edges were refused because a person would have grown beyond identity.maximumComponentSize`,
};

async function refusalWarnings(warehouse: Warehouse): Promise<string[]> {
  const counts = await warehouse.rows<{ reason: string; edges: number }>(
    sql`select reason, count(*) as edges from ${table(IDENTITY_EDGES.name)} where reason is not null group by reason order by ${raw('reason')} nulls first`,
    'identity refusals',
  );
  return counts.flatMap(({ reason, edges }) => (REFUSALS[reason] ? [`identity: ${REFUSALS[reason](edges)}`] : []));
}
