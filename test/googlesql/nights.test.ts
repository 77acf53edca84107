import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Config, type ConfigInput } from '../../pipeline/config/schema.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { models } from '../../pipeline/models/attribution/fitted/models-step.ts';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { ads } from '../../pipeline/models/costs/ads.ts';
import { DEFINITIONS } from '../../pipeline/models/definitions.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { funnels } from '../../pipeline/models/funnels/funnels.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { syncCosts } from '../../pipeline/sources/costs.ts';
import { withIpHashes } from '../../pipeline/sources/ip-hashes.ts';
import { projectTables } from '../../pipeline/sources/project-tables.ts';
import { syncSources } from '../../pipeline/sources/sources.ts';
import { createIpHasher } from '../../edge/contract/ip.ts';
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { type EventInput, type World, openWorld, page } from '../../pipeline/testing/world.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { raw, sql } from '../../pipeline/warehouse/sql.ts';
import { contents } from './contents.ts';
import { GoogleSql } from './googlesql.ts';
import { problemsOf } from './plain-sql.ts';
import { recording } from './recording.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

const SITE = 'https://www.fernhill.example';
const IP_KEY = { id: 'k1', key: 'a key of no edge, of thirty-two bytes or more' };
const hash = (address: string) => createHash('sha256').update(address).digest('hex');

const BLOCKED = { email: ['test@*'], email_domains: ['fernhill.example'], ip: ['192.0.2.66'] };
/** What holds in every night; small caps, so that a small world crosses them. */
const PROJECT = {
  sources: {
    crm_leads: {
      csv: 'leads.csv',
      columns: { lead_id: 'STRING', created_at: 'TIMESTAMP', email: 'STRING', address: 'STRING', anonymous_id: 'STRING' },
      key: ['lead_id'],
      identity: { lead_id: 'crm_lead', email: 'email', address: 'ip_address', anonymous_id: 'anonymous_id' },
      seen: 'created_at',
    },
  },
  costs: [{ csv: 'costs.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }],
  otherCosts: [{ name: 'team', amount: 10, currency: 'USD', from: '2026-03-01', to: '2026-03-03', channel: 'Events' }],
  // The last night is months after the first.
  conversions: [
    { name: 'lead', label: 'Lead', sql: 'lead.sql', adjustmentDays: 365 },
    // Its credits are those of its lead, where it has one: L9 has not.
    { name: 'deal', label: 'Deal', sql: 'deal.sql', adjustmentDays: 365, inherit: { from: 'lead' } },
  ],
  attribution: { models: ['first_click', 'last_click', 'last_significant_click', 'markov', 'shapley_rate', 'visit_scoring'] },
  funnel: ['lead', 'deal'],
  eventFunnels: [
    {
      name: 'visit',
      label: 'Visit',
      steps: [
        { name: 'page', page_path: '/p' },
        { name: 'again', page_path: '/p' },
      ],
      windowHours: 72,
    },
  ],
  identity: {
    maximumComponentSize: 4,
    keys: { ip_hash: { maxAnonymousIds: 3 }, email_hash_link: { maxAnonymousIds: 2 }, click_id: { maxAnonymousIds: 2, windowDays: 2 } },
    blocked: { user_id: ['staff'], ...BLOCKED },
  },
} satisfies Partial<ConfigInput>;
/** From the third night on `staff` is somebody again, and `u-2` is nobody. */
const LATER: Partial<ConfigInput> = {
  ...PROJECT,
  identity: { ...PROJECT.identity, blocked: { user_id: ['u-2'], ...BLOCKED } },
};

let sequence = 0;
/** An event, with what tells it apart whenever it arrives. */
const at = (who: string, when: string, more: Partial<EventInput> = {}): EventInput => ({
  who,
  at: when,
  edge_sequence: ++sequence,
  message_id: `e${sequence}`,
  ...page(`${SITE}/${who}`),
  ...more,
});

const form = (address: string) => ({ email_hashes: [{ hash: hash(address), origin: 'form' as const }] });
const link = (address: string) => ({ email_hashes: [{ hash: hash(address), origin: 'url' as const }] });

/** What arrives in each night. */
async function deliveries(): Promise<EventInput[][]> {
  const hasher = createIpHasher(IP_KEY.id, IP_KEY.key);
  const from = async (address: string) => ({ ip_hash: (await hasher.hash(address))!, ip_key_id: IP_KEY.id });
  const [home, office, blocked] = await Promise.all(['203.0.113.7', '198.51.100.9', '192.0.2.66'].map(from));
  const first = [
    at('ann', '2026-03-02 10:00', { ...page(`${SITE}/?utm_source=%C4%B0stanbul%09&utm_medium=CPC&gclid=Abc`), ...home }),
    at('ann', '2026-03-02 10:20', { ...form('ann@x.example'), ...home, engaged_seconds: 1.25 }),
    // Within three days of the one and of the other only with what arrives in the second night.
    at('home-tv', '2026-03-08 20:00', home),
    at('desk-1', '2026-03-02 09:00', office),
    at('desk-2', '2026-03-03 09:00', office),
    at('blocked-1', '2026-03-02 09:00', blocked),
    at('blocked-2', '2026-03-02 09:30', blocked),
    at('staff-1', '2026-03-02 09:00', { user_id: 'staff' }),
    at('staff-2', '2026-03-02 09:00', { user_id: 'staff' }),
    at('bob', '2026-03-04 09:00', { user_id: 'u-2' }),
    at('bob-phone', '2026-03-05 09:00', { user_id: 'u-2' }),
    // Copies: the first to be loaded is received last.
    at('copied', '2026-03-02 12:00', { message_id: 'copy', received_at: '2026-03-03T12:00:00.000Z', country: 'FR' }),
    at('shared', '2026-03-02 12:00', { ...page(`${SITE}/?fbclid=Z1`) }),
    at('robot', '2026-03-02 12:00', { is_bot: true }),
    at('mail', '2026-03-02 12:00', form('test@nowhere.example')),
    at('mail-2', '2026-03-02 12:00', form('test@nowhere.example')),
  ];
  const second = [
    // A day that was processed; a session that it joins with the one before; the bridge of two episodes.
    at('ann', '2026-03-02 10:45', { received_at: '2026-03-02T10:45:00.000Z' }),
    at('home-tablet', '2026-03-05 15:00', home),
    // The copy that wins, of an earlier delivery; one that loses; the same visitor over midnight.
    at('copied', '2026-03-02 12:00', { message_id: 'copy', received_at: '2026-03-02T12:00:00.000Z', country: 'DE' }),
    at('ann', '2026-03-02 10:00', { message_id: 'late copy', received_at: '2026-03-09T00:00:00.000Z' }),
    at('night-owl', '2026-03-09 23:50', { ...page(`${SITE}/`, 'https://chatgpt.com/') }),
    at('night-owl', '2026-03-10 00:10', { ...page(`${SITE}/a?utm_source=A&utm_medium=b`) }),
    // A new id of an old cookie, a forwarded link, a value that now has a cap too many.
    at('ann-new', '2026-03-09 10:00', { previous_id: 'ann' }),
    // A chain that grows in the third night, beyond the largest person.
    ...[2, 3, 5].map((link) => at(`chain-${link}`, `2026-03-09 1${link}:00`, { previous_id: `chain-${link - 1}` })),
    at('reader', '2026-03-09 11:00', link('ann@x.example')),
    at('desk-3', '2026-03-04 09:00', office),
    at('desk-4', '2026-03-05 09:00', office),
    at('shared-2', '2026-03-03 12:00', { ...page(`${SITE}/?fbclid=Z1`) }),
    // Time that Berlin skipped, and an hour that it had twice.
    at('quiet', '2026-03-29 00:59', {}),
    at('quiet', '2026-03-29 01:01', {}),
    at('quiet', '2026-10-25 00:30', {}),
    at('quiet', '2026-10-25 01:00', {}),
  ];
  const third = [
    // History of a year before, which makes another id the earliest of its person; copies of an import.
    at('ann-before', '2025-02-28 23:59', { received_at: '2026-03-11T01:00:00.000Z', ...form('ann@x.example') }),
    at('ann-before', '2024-02-29 12:00', { received_at: '2026-03-11T01:00:00.000Z', message_id: 'leap' }),
    at('ann-before', '2024-02-29 12:00', { received_at: '2026-03-11T01:00:00.000Z', message_id: 'leap' }),
    ...[4, 6].map((link) => at(`chain-${link}`, `2026-03-11 1${link}:00`, { previous_id: `chain-${link - 1}` })),
    at('home-tv', '2026-03-11 10:00', { user_id: 'u-3' }),
    at('home-tablet', '2026-03-11 11:00', { user_id: 'u-4' }),
    at('shared-3', '2026-03-03 13:00', { ...page(`${SITE}/?fbclid=Z1`), received_at: '2026-03-03T13:00:00.000Z' }),
    at('copied', '2026-03-02 12:00', { message_id: 'copy', received_at: '2026-03-01T23:59:59.999Z', country: 'AT' }),
  ];
  return [first, [...second, ...prospects()], third].map((night, i) => [...night, ...crowd(i)]);
}

/** Visitors at random, a third of whom come late, with what joins and parts them. */
function crowd(night: number): EventInput[] {
  const next = randomNumbers(20260302 + night);
  return Array.from({ length: 60 }, (_, i) => {
    const when = new Date(Date.UTC(2026, 2, 1) + next(12) * 86_400_000 + next(48) * 1_800_000).toISOString();
    const some = (chance: number, part: Partial<EventInput>) => (next(100) < chance ? part : {});
    return at(`v${next(14)}`, when, {
      message_id: next(10) === 0 ? `again-${next(5)}` : `crowd-${night}-${i}`,
      ...some(30, page(`${SITE}/p?utm_source=s${next(3)}&utm_medium=cpc`)),
      ...some(20, { user_id: `w${next(4)}` }),
      ...some(20, { email_hashes: [{ hash: hash(`m${next(6)}`), origin: next(2) ? ('form' as const) : ('url' as const) }] }),
      ...some(20, { ip_hash: `h${next(3)}`, ip_key_id: IP_KEY.id }),
      ...some(10, { previous_id: `v${next(14)}` }),
      ...some(20, { engaged_seconds: next(100_000) / 1000 }),
    });
  });
}

/** So many that fitted models have enough to learn from; those before `LAST_BUYER` leave a lead. */
const PROSPECTS = 114;
const LAST_BUYER = 68;

/** Who comes once or twice in the first days of March. Newsletters bring more of those who buy, ads more of the others. */
function prospects(): EventInput[] {
  return Array.from({ length: PROSPECTS }, (_, i) => {
    const [often, seldom] = ['newsletter&utm_medium=email', 'google&utm_medium=cpc'];
    const source = (i % 4 === 0) === i < LAST_BUYER ? seldom : often;
    const visit = (day: number, query: string) =>
      at(`prospect-${i}`, `2026-03-0${day} 0${i % 10}:${10 + (i % 50)}`, { ...page(`${SITE}/?${query}`), engaged_seconds: i % 7 });
    return i % 3 === 0
      ? [visit(2, `utm_source=${source}`), visit(5, 'utm_source=partner&utm_medium=referral')]
      : [visit(4, `utm_source=${source}`)];
  }).flat();
}

const BUYERS = Array.from({ length: LAST_BUYER }, (_, i) => `S${i},2026-03-06T1${i % 10}:00:00Z,,,prospect-${i}`);

const LEADS = [
  'L1,2026-03-02T12:00:00Z,"Ann@x.example",,',
  'L2,2026-03-06T12:00:00Z,,198.51.100.9,',
  'L3,2026-03-29T00:30:00Z,info@fernhill.example,,quiet',
];
/** What systems say for "unknown" and "for ever". */
const EDGES_OF_TIME = ['L8,9999-12-31T23:59:59.999Z,ever@x.example,,quiet', 'L9,0001-01-01T00:00:00Z,never@x.example,198.51.100.9,quiet'];
/** The files of each night: a lead comes, one changes, one goes. */
const FILES = [
  { leads: LEADS.slice(0, 2), costs: ['2026-03-02,1,11,Dispatch,,,,,12.34,100,5'] },
  {
    leads: [...LEADS, ...EDGES_OF_TIME, ...BUYERS],
    costs: ['2026-03-02,1,11,Dispatch,,,,,12.35,100,5', '2026-03-29,1,,\u00a0Dispatch\t,,,,,0.005,10,0'],
  },
  {
    leads: [LEADS[0]!.replace(',,', ',203.0.113.7,'), LEADS[2]!, ...EDGES_OF_TIME, ...BUYERS.slice(1)],
    costs: ['2026-03-29,1,,Dispatch,,,,,0.005,10,0'],
  },
];

async function files(world: World, night: number): Promise<void> {
  const { leads, costs } = FILES[night]!;
  await world.file('leads.csv', ['lead_id,created_at,email,address,anonymous_id', ...leads].join('\n'));
  await world.file(
    'costs.csv',
    ['date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks', ...costs].join('\n'),
  );
  await world.file(
    'lead.sql',
    "select lead_id as id, created_at as created, anonymous_id as client_id, email from crm_leads where lead_id <> 'L9' and created_at >= @from and created_at < @to",
  );
  await world.file(
    'deal.sql',
    `select lead_id as id, created_at as created, anonymous_id as client_id, email, lead_id from crm_leads
      where lead_id <> 'L2' and lead_id < 'S' and created_at >= @from and created_at < @to`,
  );
}

const STEPS = [
  events,
  syncSources,
  syncCosts,
  sessions,
  withIpHashes(identity, IP_KEY),
  conversions,
  models,
  attribution,
  funnels,
  reports,
  ads,
];
const INPUT = { project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' }, site: { domains: ['www.fernhill.example'] } };
const CONFIGS = [PROJECT, PROJECT, LATER].map((project) => Config.parse({ ...INPUT, ...project }));
const NOW = ['2026-03-09T03:00:00.000Z', '2026-03-11T03:00:00.000Z', '2026-11-01T03:00:00.000Z'];

async function run({ warehouse, folder }: World, night: number): Promise<void> {
  for (const step of STEPS) await step({ warehouse, config: CONFIGS[night]!, configFolder: folder, now: NOW[night]! });
}

let engine: GoogleSql;
const opened: World[] = [];
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(async () => {
  for (const world of opened) await world.close();
  engine.stop();
});
async function open(warehouse?: World['warehouse']): Promise<World> {
  const world = await openWorld(PROJECT, warehouse);
  opened.push(world);
  return world;
}

const TABLES = projectTables(CONFIGS[0]!).filter(({ name }) => !name.startsWith('staged_') && name !== DEFINITIONS.name);
/** Tables that tell what the nights did, one by one: a single build did something else. */
const TALES = new Set(['identity_changes', 'conversion_changes']);

const values = async (world: World, query: string) => (await world.rows(query)).map((row) => Object.values(row)[0]);

describe('several nights', () => {
  let nightly: World;
  let googles: World;
  let written: string[];
  let arrivals: EventInput[][];

  test('give the same rows on both engines after each of them', { timeout: 120_000 }, async () => {
    const warehouse = await openDuckDb(':memory:');
    const recorded = recording(warehouse);
    written = recorded.written;
    nightly = await open(recorded.warehouse);
    googles = await open(new GoogleSqlWarehouse(engine));
    arrivals = await deliveries();
    for (const [night, arrived] of arrivals.entries()) {
      for (const world of [nightly, googles]) {
        await files(world, night);
        await world.events(...arrived);
        await run(world, night);
      }
      for (const definition of TABLES) {
        const ours = await contents(warehouse, definition);
        expect(await contents(googles.warehouse, definition), `${definition.name}, night ${night}`).toEqual(ours);
      }
    }
  });

  test.each(['DuckDB', 'GoogleSQL'])('give what one build of all that arrived gives on %s', async (name) => {
    const full = await open(name === 'DuckDB' ? undefined : new GoogleSqlWarehouse(engine));
    await files(full, 2);
    await full.events(...arrivals.flat().toReversed());
    await run(full, 2);
    for (const definition of TABLES.filter(({ name: of }) => !TALES.has(of))) {
      expect(await contents(full.warehouse, definition), definition.name).toEqual(await contents(googles.warehouse, definition));
    }
  });

  test('meet every rule of the identity graph, both kinds of copies and every table', async () => {
    expect(new Set(await values(nightly, 'select distinct reason from identity_edges'))).toEqual(
      new Set([null, 'blocked_value', 'shared_device', 'shared_key', 'conflicting_key', 'size_cap']),
    );
    expect(await values(nightly, "select country from events where message_id = 'copy'")).toEqual(['AT']);
    expect(await values(nightly, "select distinct source from sessions where anonymous_id = 'ann' and source like '%stanbul'")).toEqual([
      'istanbul',
    ]);
    for (const { name } of TABLES.filter(({ name: of }) =>
      /^(events|sessions|identit|user_id|conversions|attribution|costs|report|ad_|model_versions|applied)/.test(of),
    )) {
      expect(await values(nightly, `select count(*) > 0 from ${name}`), name).toEqual([true]);
    }
  });

  test('run no statement that the engines could read differently', () => {
    expect(written.length).toBeGreaterThan(150);
    const problems = written.flatMap((statement) =>
      problemsOf(statement)
        // Which files may do so is said where the files are read.
        .filter((problem) => !/^(cast\(… as int64\)|exp\(\)|ln\(\))/.test(problem))
        .map((problem) => `${problem}\n  in ${statement.trim().slice(0, 300)}`),
    );
    expect([...new Set(problems)]).toEqual([]);
  });

  test('fit versions of every learned model, and credit by them', async () => {
    const fitted = await nightly.rows(`
      select model, conversion_name, min(month) as first_month, count(*) as versions
      from model_versions
      where status = 'fitted'
      group by model, conversion_name
      order by model`);
    // The window of ninety days that the leads of March lie in ends with March, April or May.
    expect(fitted).toEqual(
      ['markov', 'shapley_rate', 'visit_scoring'].map((model) => ({
        model,
        conversion_name: 'lead',
        first_month: '2026-03-01',
        versions: 3,
      })),
    );
    expect(await values(nightly, `select distinct model from channel_effects order by model`)).toEqual(['markov', 'shapley_rate']);
    expect(await values(nightly, `select distinct status from model_versions order by status`)).toEqual(['fitted', 'too_little_data']);
    const applied = await nightly.rows(`
      select model, version_month, is_provisional from applied_versions where conversion_name = 'lead' and month = '2026-03-01' order by model`);
    expect(applied).toEqual(
      ['markov', 'shapley_rate', 'visit_scoring'].map((model) => ({ model, version_month: '2026-03-01', is_provisional: false })),
    );
    // None of them credits as the fallback does.
    for (const model of ['markov', 'shapley_rate', 'visit_scoring']) {
      const own = await nightly.rows(`
        select count(*) as credits
        from attribution as one
        left join attribution as other
          on other.model = 'last_significant_click' and other.conversion_name = one.conversion_name
          and other.conversion_id = one.conversion_id and other.session_id = one.session_id and other.credit = one.credit
        where one.model = '${model}' and one.session_id <> '' and other.model is null`);
      expect(own[0]!['credits'], model).toBeGreaterThan(10);
    }
  });
});

/** A model that uses one raw, as it would be run. */
test('what the dialect rendered is told from what stands beside it', async () => {
  const { warehouse, written } = recording(await openDuckDb(':memory:'));
  const { dialect } = warehouse;
  const rows = await warehouse.rows(
    sql`select ${dialect.lower(dialect.concat(raw(`upper('a')`), raw(`'B'`)))} as low, trim(' a ') as short`,
  );
  expect(rows).toEqual([{ low: 'ab', short: 'a' }]);
  expect(written.flatMap(problemsOf)).toEqual([expect.stringContaining('upper()'), expect.stringContaining('trim()')]);
  await warehouse.close();
});
