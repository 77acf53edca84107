import type { ConfigInput } from '../../../config/schema.ts';
import { Config } from '../../../config/schema.ts';
import { sourceTable } from '../../../sources/sources.ts';
import { type World } from '../../../testing/world.ts';
import { arrayParam, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { EVENTS, EVENT_CHANGES } from '../../events/tables.ts';
import { IDENTITIES, IDENTITY_BLOCKED_VALUES, IDENTITY_CHANGES, IDENTITY_EDGES, IDENTITY_KEYS, USER_IDENTITIES } from '../tables.ts';

export const NIGHTS = 4;
const EVENTS_OF_A_WORLD = 14;

/** Small caps, so that small worlds cross them. */
export const settings: Partial<ConfigInput> = {
  identity: {
    maximumComponentSize: 4,
    keys: {
      email_hash: { maxAnonymousIds: 3 },
      email_hash_link: { maxAnonymousIds: 2 },
      ip_hash: { maxAnonymousIds: 3 },
      click_id: { maxAnonymousIds: 2, windowDays: 2 },
      previous_id: { maxAnonymousIds: 3 },
    },
  },
  sources: {
    leads: {
      csv: 'leads.csv',
      columns: { lead_id: 'STRING', created_at: 'TIMESTAMP', email: 'STRING', address: 'STRING', anonymous_id: 'STRING' },
      key: ['lead_id'],
      identity: { lead_id: 'crm_lead', email: 'email', address: 'ip_address', anonymous_id: 'anonymous_id' },
      seen: 'created_at',
    },
  },
};
const LEADS = sourceTable('leads', configThatBlocks([]).sources['leads']!);

/** The config with user ids that link nobody. */
export function configThatBlocks(blocked: readonly string[]): Config {
  const project = { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' };
  return Config.parse({ project, ...settings, identity: { ...settings.identity, blocked: { user_id: [...blocked] } } });
}

/** An event, the night it arrives in and, of some, the later one in which it goes. */
export interface Life {
  readonly row: Row;
  readonly comes: number;
  readonly goes: number;
}

const DAY = 86_400_000;
const START = Date.UTC(2026, 2, 2);

/** What happens in one world: a few visitors, who share identifiers, arrive in any order. */
export function livesOf(world: string, next: (below: number) => number): Life[] {
  const some = <T>(chance: number, make: () => T): T | null => (next(100) < chance ? make() : null);
  const visitor = () => `${world}a${next(7)}`;
  return Array.from({ length: EVENTS_OF_A_WORLD }, (_, i) => {
    // Hours, so that ties and neighbouring days are frequent.
    const at = new Date(START + next(12) * DAY + next(24) * 3_600_000).toISOString();
    const comes = next(NIGHTS);
    const emails = next(100) < 45 ? Array.from({ length: 1 + next(2) }, () => `${world}h${next(5)}`) : [];
    return {
      comes,
      goes: next(6) === 0 ? comes + 1 + next(NIGHTS) : NIGHTS,
      row: {
        write_key_id: 'wk',
        message_id: `${world}m${i}`,
        type: 'page',
        anonymous_id: visitor(),
        occurred_at: at,
        received_at: at,
        user_id: some(30, () => (next(12) === 0 ? 'null' : `${world}u${next(5)}`)),
        ga_client_id: some(15, () => `${world}g${next(3)}`),
        previous_id: some(12, visitor),
        email_hashes: emails.map((hash) => ({ hash, origin: next(3) === 0 ? 'form' : 'url' })),
        click_ids: next(100) < 20 ? [{ name: 'gclid', value: `${world}c${next(2)}` }] : [],
        ip_hash: some(40, () => `${world}i${next(2)}`),
        ip_key_id: 'k',
        is_bot: next(15) === 0,
        is_internal: false,
        edge_instance: 'e',
        edge_sequence: 1,
      },
    };
  });
}

/** Rows of the CRM, another few every night. */
export function leadsOf(world: string, next: (below: number) => number): Row[] {
  return Array.from({ length: next(3) }, (_, i) => ({
    lead_id: `${world}l${i}`,
    created_at: next(3) === 0 ? null : new Date(START + next(12) * DAY).toISOString(),
    email: `${next(8) === 0 ? 'info' : 'kim'}@${world}.example`,
    address: next(3) === 0 ? null : `address of ${world}i${next(2)}`,
    anonymous_id: next(4) === 0 ? null : `${world}a${next(9)}`,
  }));
}

/** What the addresses of a world's CRM rows hash to: rows of staged_ip_hashes. */
export const addressesOf = (world: string): Row[] =>
  [0, 1].map((i) => ({ address: `address of ${world}i${i}`, ip_hash: `k:${world}i${i}` }));

/** Brings a database to a night's events and leads; the queue says what came and went. */
export async function arrive(world: World, lives: readonly Life[], leads: readonly Row[], night: number): Promise<void> {
  const { warehouse } = world;
  const came = lives.filter(({ comes }) => comes === night);
  const went = lives.filter(({ comes, goes }) => comes < night && goes === night);
  await warehouse.load(
    EVENTS,
    came.map(({ row }) => row),
  );
  const ids = arrayParam(went.map(({ row }) => row['message_id'] as string), 'STRING'); // prettier-ignore
  const gone = sql`select 'wk' as write_key_id, message_id from ${warehouse.dialect.unnest(sql`${ids}`, 'message_id')}`;
  if (went.length > 0) await warehouse.delete(EVENTS, gone);
  const changes = new Map<string, { first: string; last: string; has_removals: boolean }>();
  for (const { row, comes } of [...came, ...went]) {
    const at = row['occurred_at'] as string;
    const key = JSON.stringify([row['anonymous_id'], at.slice(0, 10)]);
    const known = changes.get(key) ?? { first: at, last: at, has_removals: false };
    changes.set(key, {
      first: at < known.first ? at : known.first,
      last: at > known.last ? at : known.last,
      has_removals: known.has_removals || comes < night,
    });
  }
  await warehouse.load(
    EVENT_CHANGES,
    [...changes].map(([key, { first, last, has_removals }]) => {
      const [anonymous_id, day] = JSON.parse(key) as [string, string];
      return { consumer: 'identity', anonymous_id, day, first_at: first, last_at: last, has_removals };
    }),
  );
  await warehouse.load(LEADS, leads, { replace: true });
}

/** What must be the same, however the events arrived. */
const TABLES = [IDENTITY_KEYS, IDENTITY_EDGES, IDENTITIES, USER_IDENTITIES, IDENTITY_BLOCKED_VALUES, IDENTITY_CHANGES];

/** The rows of every table by its name, in an order of their own; integers beyond what a number holds as text. */
export async function tablesOf({ warehouse }: World): Promise<Record<string, Row[]>> {
  const tables: Record<string, Row[]> = {};
  for (const { name, columns, key } of TABLES) {
    const texts = columns.map((column) => (column.name === 'person_key' ? 'cast(person_key as string) as person_key' : column.name));
    const order = key.map((column) => `${column} nulls first`).join(', ');
    tables[name] = await warehouse.rows(sql`select ${raw(texts.join(', '))} from ${table(name)} order by ${raw(order)}`);
  }
  return tables;
}
