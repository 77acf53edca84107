import { emailHash } from '../../../../edge/contract/email.ts';

/**
 * The definition of identity, once more and by brute force: sets, closures and loops over small worlds, nothing shared
 * with the model but the hash of an address. Written from the definitions, not from the model.
 */

/** An event of a visitor; instants in milliseconds. Addresses are as people write them. */
export interface Sighting {
  readonly id: string;
  readonly at: number;
  readonly userId: string | null;
  readonly gaClientId: string | null;
  readonly previousId: string | null;
  readonly ip: string | null;
  readonly emails: readonly { readonly address: string; readonly origin: 'form' | 'identify' | 'server' | 'url' }[];
  readonly clicks: readonly { readonly name: string; readonly value: string }[];
  readonly isBot: boolean;
  readonly isInternal: boolean;
}

/** A row of the CRM. */
export interface Lead {
  readonly leadId: string;
  readonly createdAt: number | null;
  readonly email: string;
  readonly ip: string | null;
  readonly id: string | null;
}

export interface OracleRule {
  readonly tier: 'deterministic' | 'weak' | 'probabilistic';
  readonly priority: number;
  readonly windowDays: number | null;
  readonly cap: number;
  readonly exclusive: boolean;
}

export interface OracleConfig {
  readonly rules: Readonly<Record<string, OracleRule>>;
  readonly maximumSize: number;
  readonly blockedUserIds: readonly string[];
}

export interface OracleEdge {
  readonly id: string;
  readonly key: string;
  readonly value: string;
  /** First observation of the episode by whomever; null for keys without a window. */
  readonly episode: number | null;
  readonly tier: OracleRule['tier'];
  readonly origin: string;
  readonly first: number;
  readonly last: number;
  readonly verdict: 'used' | 'refused';
  readonly reason: string | null;
}

export interface OracleResult {
  readonly edges: readonly OracleEdge[];
  readonly people: readonly { readonly id: string; readonly person: string; readonly cluster: string; readonly first: number }[];
}

interface Observation {
  readonly id: string;
  readonly key: string;
  readonly value: string;
  readonly origin: string;
  readonly at: number;
}

const DAY = 86_400_000;
/** The default rules. */
export const DEFAULT_RULES: OracleConfig['rules'] = {
  user_id: { tier: 'deterministic', priority: 1, windowDays: null, cap: 100, exclusive: true },
  email_hash: { tier: 'deterministic', priority: 2, windowDays: null, cap: 100, exclusive: false },
  previous_id: { tier: 'deterministic', priority: 3, windowDays: null, cap: 20, exclusive: false },
  ga_client_id: { tier: 'deterministic', priority: 4, windowDays: null, cap: 20, exclusive: false },
  crm_lead: { tier: 'deterministic', priority: 5, windowDays: null, cap: 100, exclusive: false },
  email_hash_link: { tier: 'weak', priority: 2, windowDays: null, cap: 5, exclusive: false },
  click_id: { tier: 'probabilistic', priority: 6, windowDays: 30, cap: 5, exclusive: false },
  ip_hash: { tier: 'probabilistic', priority: 7, windowDays: 3, cap: 100, exclusive: false },
};
const TIERS = ['deterministic', 'weak', 'probabilistic'];
const ORIGINS = ['form', 'identify', 'server', 'leads', 'event', 'url'];
const MOST_OF_A_DEVICE = 3;
const less = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Who is one person in a world, and what became of each edge. */
export function identityByDefinition(sightings: readonly Sighting[], leads: readonly Lead[], config: OracleConfig): OracleResult {
  const people = sightings.filter(({ isBot, isInternal }) => !isBot && !isInternal);
  const firstEvents = earliest(people.map(({ id, at }) => [id, at]));
  const observations = [...people.flatMap(ofSighting), ...leads.flatMap((lead) => ofLead(lead, firstEvents))];
  const all = [...observations, ...observations.flatMap(ofFormerId)];
  const drafts = draftEdges(all, config);
  const isBlocked = blockedIn(leads, config);
  const judged = drafts.map((edge) => ({ edge, before: reasonBefore(edge, drafts, isBlocked, config) }));
  const firstSeen = new Map([...earliest(all.map(({ id, at }) => [id, at])), ...firstEvents]);
  const { edges, people: everybody } = decide(
    judged.toSorted((a, b) => inOrder(a.edge, b.edge, config)),
    firstSeen,
    config,
  );
  // Somebody of whom the site saw no id at all is nobody's visitor, only a row of the CRM.
  const persons = new Set(everybody.flatMap(({ id, person }) => (firstEvents.has(id) ? [person] : [])));
  return { edges, people: everybody.filter(({ person }) => persons.has(person)) };
}

function earliest(pairs: readonly (readonly [string, number])[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const [id, at] of pairs) first.set(id, Math.min(at, first.get(id) ?? Infinity));
  return first;
}

function ofSighting({ id, at, userId, gaClientId, previousId, ip, emails, clicks }: Sighting): Observation[] {
  const own = { user_id: userId, ga_client_id: gaClientId, previous_id: previousId, ip_hash: ip && `k:${ip}` };
  return [
    ...Object.entries(own).flatMap(([key, value]) => (value ? [{ id, key, value, origin: 'event', at }] : [])),
    ...emails.map(({ address, origin }) => ({ id, key: 'email_hash', value: emailHash(address), origin, at })),
    ...clicks.map(({ name, value }) => ({ id, key: 'click_id', value: `${name.toLowerCase()}=${value}`, origin: 'event', at })),
  ];
}

/** A row without a time is as old as its visitor; without either it says nothing. Of the address only the row's own time counts. */
function ofLead({ id, leadId, createdAt, email, ip }: Lead, firstEvents: ReadonlyMap<string, number>): Observation[] {
  if (id === null) return [];
  const at = createdAt ?? firstEvents.get(id);
  if (at === undefined) return [];
  const base = { id, origin: 'leads', at };
  return [
    { ...base, key: 'crm_lead', value: leadId },
    { ...base, key: 'email_hash', value: emailHash(email) },
    ...(ip !== null && createdAt !== null ? [{ ...base, key: 'ip_hash', value: `k:${ip}` }] : []),
  ];
}

/** An id that somebody names as the former one holds itself. */
const ofFormerId = (seen: Observation): Observation[] => (seen.key === 'previous_id' ? [{ ...seen, id: seen.value }] : []);

type Draft = Omit<OracleEdge, 'verdict' | 'reason'> & { readonly rule: string };

function draftEdges(observations: readonly Observation[], { rules }: OracleConfig): Draft[] {
  return Object.values(Object.groupBy(observations, ({ key, value }) => JSON.stringify([key, value]))).flatMap((ofValue) =>
    episodesOf(ofValue!, rules[ofValue![0]!.key]!.windowDays).flatMap(({ members, start }) =>
      Object.values(Object.groupBy(members, ({ id }) => id)).map((own): Draft => {
        const { id, key, value } = own![0]!;
        const origin = own!.map((one) => one.origin).toSorted((a, b) => ORIGINS.indexOf(a) - ORIGINS.indexOf(b))[0]!;
        const rule = key === 'email_hash' && origin === 'url' ? 'email_hash_link' : key;
        const times = own!.map(({ at }) => at);
        return {
          id,
          key,
          value,
          episode: start,
          tier: rules[rule]!.tier,
          rule,
          origin,
          first: Math.min(...times),
          last: Math.max(...times),
        };
      }),
    ),
  );
}

/** Any two observations at most the window apart are of one episode, and so on: the closure, by brute force. */
function episodesOf(members: Observation[], windowDays: number | null): { members: Observation[]; start: number | null }[] {
  if (windowDays === null) return [{ members, start: null }];
  const group = members.map((_, i) => i);
  for (let changed = true; changed;) {
    changed = false;
    for (const [i, a] of members.entries()) {
      for (const [j, b] of members.entries()) {
        if (Math.abs(a.at - b.at) <= windowDays * DAY && group[i]! < group[j]!) {
          group[j] = group[i]!;
          changed = true;
        }
      }
    }
  }
  return [...new Set(group)].map((number) => {
    const own = members.filter((_, i) => group[i] === number);
    return { members: own, start: Math.min(...own.map(({ at }) => at)) };
  });
}

/** Words that are no ids, role mailboxes at the domains of the CRM, and what the config lists. */
function blockedIn(leads: readonly Lead[], { blockedUserIds }: OracleConfig): (edge: Draft) => boolean {
  const domains = leads.map(({ email }) => email.split('@')[1]!);
  const mailboxes = new Set(domains.flatMap((domain) => ['info', 'sales', 'noreply'].map((name) => emailHash(`${name}@${domain}`))));
  const words = new Set(['null', 'undefined', 'anonymous', '0', '-1', '00000000-0000-0000-0000-000000000000']);
  return ({ key, value }) => {
    if (key === 'email_hash') return mailboxes.has(value);
    if (key === 'user_id' && blockedUserIds.includes(value)) return true;
    return !['ip_hash', 'click_id'].includes(key) && words.has(value.trim().toLowerCase());
  };
}

const isSameNode = (a: Draft, b: Draft) => a.key === b.key && a.value === b.value && a.episode === b.episode;

function reasonBefore(edge: Draft, edges: readonly Draft[], isBlocked: (edge: Draft) => boolean, { rules }: OracleConfig): string | null {
  if (isBlocked(edge)) return 'blocked_value';
  const identitiesOf = (key: string) => {
    const own = edges.filter((other) => other.id === edge.id && other.key === key && !isBlocked(other));
    return new Set(own.map(({ value }) => value)).size;
  };
  if (identitiesOf('email_hash') > MOST_OF_A_DEVICE || identitiesOf('user_id') > MOST_OF_A_DEVICE) return 'shared_device';
  const holders = edges.filter((other) => other.rule === edge.rule && isSameNode(other, edge));
  return holders.length > rules[edge.rule]!.cap ? 'shared_key' : null;
}

/** Tier, priority of the key, first seen, key, id. */
function inOrder(a: Draft, b: Draft, { rules }: OracleConfig): number {
  return (
    TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) ||
    rules[a.rule]!.priority - rules[b.rule]!.priority ||
    a.first - b.first ||
    less(a.key, b.key) ||
    less(a.value, b.value) ||
    (a.episode ?? 0) - (b.episode ?? 0) ||
    less(a.id, b.id)
  );
}

/** A component: its ids and its keys. */
interface Component {
  readonly ids: Set<string>;
  readonly nodes: Draft[];
}

function decide(
  judged: readonly { edge: Draft; before: string | null }[],
  firstSeen: ReadonlyMap<string, number>,
  config: OracleConfig,
): OracleResult {
  const accepted = components(firstSeen, judged);
  const closure = components(firstSeen, judged);
  // What somebody typed says who they are even where it links nobody; a role mailbox says nothing.
  const submissions = judged.flatMap(({ edge, before }) => (edge.rule === 'email_hash' && before !== 'blocked_value' ? [edge] : []));
  const edges = judged.map(({ edge, before }): OracleEdge => {
    const reason = before ?? verdictOf(accepted.of(edge), edge, submissions, config);
    if (reason === null) accepted.join(edge);
    if (before === null) closure.join(edge);
    const { rule: _, ...rest } = edge;
    return { ...rest, verdict: reason === null ? 'used' : 'refused', reason };
  });
  const earliestOf = ({ ids }: Component) => [...ids].toSorted((a, b) => firstSeen.get(a)! - firstSeen.get(b)! || less(a, b))[0]!;
  const people = [...firstSeen].map(([id, first]) => ({
    id,
    person: earliestOf(accepted.ofId(id)),
    cluster: earliestOf(closure.ofId(id)),
    first,
  }));
  return { edges, people };
}

/** Why an edge may not join its two sides; null where it may, or where they are one already. */
function verdictOf(
  [left, right]: [Component, Component],
  edge: Draft,
  submissions: readonly Draft[],
  { rules, maximumSize }: OracleConfig,
): string | null {
  if (left === right) return null;
  const isForwarded = submissions.some(({ id, value }) => value !== edge.value && (left.ids.has(id) || right.ids.has(id)));
  if (edge.rule === 'email_hash_link' && isForwarded) return 'conflicting_key';
  for (const [key, { exclusive }] of Object.entries(rules)) {
    const [own, other] = [left, right].map(({ nodes }) => nodes.flatMap((node) => (node.key === key ? [node.value] : [])));
    if (exclusive && own!.length > 0 && other!.length > 0 && !own!.some((value) => other!.includes(value))) return 'conflicting_key';
  }
  return left.ids.size + right.ids.size > maximumSize ? 'size_cap' : null;
}

function components(firstSeen: ReadonlyMap<string, number>, judged: readonly { edge: Draft }[]) {
  let all: Component[] = [...firstSeen.keys()].map((id) => ({ ids: new Set([id]), nodes: [] }));
  for (const { edge } of judged) {
    if (!all.some(({ nodes }) => nodes.some((node) => isSameNode(node, edge)))) all.push({ ids: new Set(), nodes: [edge] });
  }
  const ofId = (id: string) => all.find(({ ids }) => ids.has(id))!;
  const of = (edge: Draft): [Component, Component] => [
    ofId(edge.id),
    all.find(({ nodes }) => nodes.some((node) => isSameNode(node, edge)))!,
  ];
  const join = (edge: Draft) => {
    const [left, right] = of(edge);
    if (left === right) return;
    all = [
      ...all.filter((one) => one !== left && one !== right),
      { ids: new Set([...left.ids, ...right.ids]), nodes: [...left.nodes, ...right.nodes] },
    ];
  };
  return { ofId, of, join };
}
