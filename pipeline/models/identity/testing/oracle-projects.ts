import { emailHash } from '../../../../edge/contract/email.ts';
import type { ConfigInput } from '../../../config/schema.ts';
import { sourceTable } from '../../../sources/sources.ts';
import type { EventInput, World } from '../../../testing/world.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { events } from '../../events/events.ts';
import { identity } from '../identity.ts';
import { STAGED_IP_HASHES } from '../tables.ts';
import { DEFAULT_RULES, type OracleConfig, identityByDefinition } from './oracle.ts';
import type { SmallWorld } from './oracle-worlds.ts';

type Change = Partial<Record<'maxAnonymousIds' | 'windowDays', number>> & { exclusive?: boolean; tier?: 'weak' | 'probabilistic' };
/** A project's identity settings, for the config and for the definition alike. */
export interface Project {
  readonly maximumComponentSize: number;
  readonly keys: Readonly<Record<string, Change>>;
  readonly blocked: readonly string[];
}

/** What a config changes: caps small enough to be crossed by twelve visitors; other keys exclusive, other tiers, other windows. */
export const PROJECTS: readonly Project[] = [
  { maximumComponentSize: 64, keys: {}, blocked: [] },
  {
    maximumComponentSize: 4,
    keys: {
      email_hash: { maxAnonymousIds: 3 },
      email_hash_link: { maxAnonymousIds: 2 },
      ip_hash: { maxAnonymousIds: 3 },
      click_id: { maxAnonymousIds: 2, windowDays: 2 },
      ga_client_id: { maxAnonymousIds: 2 },
      previous_id: { maxAnonymousIds: 3 },
    },
    blocked: ['w3u0', 'w5u1', 'w8u0'],
  },
  {
    maximumComponentSize: 6,
    keys: {
      user_id: { exclusive: false },
      email_hash: { exclusive: true },
      ga_client_id: { windowDays: 2, exclusive: true },
      ip_hash: { windowDays: 1 },
      click_id: { tier: 'weak', windowDays: 3 },
      previous_id: { tier: 'probabilistic' },
    },
    blocked: [],
  },
];

/** As the config has them. */
export function configOf({ maximumComponentSize, keys, blocked }: Project): Partial<ConfigInput> {
  return {
    identity: { maximumComponentSize, keys, blocked: { user_id: [...blocked] } },
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
}

/** As the definition has them. */
export function oracleConfigOf({ maximumComponentSize, keys, blocked }: Project): OracleConfig {
  const rules = Object.entries(DEFAULT_RULES).map(([name, rule]) => {
    const {
      maxAnonymousIds: cap = rule.cap,
      windowDays = rule.windowDays,
      exclusive = rule.exclusive,
      tier = rule.tier,
    } = keys[name] ?? {};
    return [name, { ...rule, cap, windowDays, exclusive, tier }] as const;
  });
  return { rules: Object.fromEntries(rules), maximumSize: maximumComponentSize, blockedUserIds: blocked };
}

const iso = (at: number) => new Date(at).toISOString();
const micros = (at: number) => `${iso(at).slice(0, -1)}000Z`;

function inputsOf({ sightings, name }: SmallWorld, night: number): EventInput[] {
  return sightings.flatMap((seen, i) =>
    seen.night !== night
      ? []
      : [
          {
            who: seen.id,
            at: iso(seen.at),
            message_id: `${name}m${i}`,
            user_id: seen.userId,
            ga_client_id: seen.gaClientId,
            previous_id: seen.previousId,
            ip_hash: seen.ip,
            ip_key_id: 'k',
            email_hashes: seen.emails.map(({ address, origin }) => ({ hash: emailHash(address), origin })),
            click_ids: seen.clicks.map(({ name: click, value }) => ({ name: click, value })),
            is_bot: seen.isBot,
            is_internal: seen.isInternal,
          },
        ],
  );
}

/** Brings the events and leads of one night, through the steps of a run. */
export async function arrive(world: World, worlds: readonly SmallWorld[], night: number): Promise<void> {
  await world.events(...worlds.flatMap((one) => inputsOf(one, night)));
  const leads = worlds.flatMap((one) => one.leads.filter((lead) => lead.night <= night));
  const rows = leads.map((lead) => ({
    lead_id: lead.leadId,
    created_at: lead.createdAt === null ? null : iso(lead.createdAt),
    email: lead.email,
    address: lead.ip && `address of ${lead.ip}`,
    anonymous_id: lead.id,
  }));
  await world.warehouse.load(sourceTable('leads', world.config.sources['leads']!), rows, { replace: true });
  await world.run(events, identity);
}

/** Edges and people of a world. */
export interface Found {
  readonly edges: Row[];
  readonly people: Row[];
}

const worldOf = (row: Row): string => /^w\d+/.exec(row['id'] as string)![0];

/** What the model found in each world, as the definition says it. */
export async function found(world: World): Promise<Map<string, Found>> {
  const edges = await world.rows(
    `select anonymous_id as id, key_name as key, key_value as value, episode_start as episode, tier, origin, first_seen as first,
      last_seen as last, verdict, reason from identity_edges`,
  );
  const people = await world.rows(
    'select anonymous_id as id, person_id as person, cluster_id as cluster, first_seen as first from identities',
  );
  const [edgesOf, peopleOf] = [edges, people].map((rows) => Map.groupBy(rows, worldOf)) as [Map<string, Row[]>, Map<string, Row[]>];
  const names = new Set([...edgesOf.keys(), ...peopleOf.keys()]);
  return new Map([...names].map((name) => [name, { edges: edgesOf.get(name) ?? [], people: peopleOf.get(name) ?? [] }]));
}

/** The same by the definition, from all that has arrived until a night. */
export function defined(world: SmallWorld, night: number, config: OracleConfig, define = identityByDefinition): Found {
  const upTo = <T extends { readonly night: number }>(rows: readonly T[]) => rows.filter((row) => row.night <= night);
  const { edges, people } = define(upTo(world.sightings), upTo(world.leads), config);
  return {
    edges: edges.map((edge): Row => ({
      ...edge,
      episode: edge.episode === null ? null : micros(edge.episode),
      first: micros(edge.first),
      last: micros(edge.last),
    })),
    people: people.map((person): Row => ({ ...person, first: micros(person.first) })),
  };
}

/** The hashes of all addresses of the worlds, for the CRM's rows. */
export function loadAddresses(world: World, worlds: readonly SmallWorld[]): Promise<void> {
  const ips = worlds.flatMap(({ name }) => [0, 1, 2].map((i) => `${name}i${i}`));
  return world.load(
    STAGED_IP_HASHES,
    ips.map((ip) => ({ address: `address of ${ip}`, ip_hash: `k:${ip}` })),
  );
}
