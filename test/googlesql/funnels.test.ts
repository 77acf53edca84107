import { afterAll, beforeAll, expect, test } from 'vitest';
import { TOUCHED_CREDITS } from '../../pipeline/models/attribution/tables.ts';
import { CONVERSIONS } from '../../pipeline/models/conversions/tables.ts';
import { EVENT_CHANGES, EVENTS } from '../../pipeline/models/events/tables.ts';
import { funnels } from '../../pipeline/models/funnels/funnels.ts';
import { conversionRow, expectedLinks, randomWorld, STAGES } from '../../pipeline/models/funnels/testing/link-worlds.ts';
import { expectedWays, FUNNELS, type Happened, randomVisit, type Session } from '../../pipeline/models/funnels/testing/ways.ts';
import { publishedConfig } from '../../pipeline/models/reports/publication.ts';
import { REPORT_SESSIONS } from '../../pipeline/models/reports/tables.ts';
import { SESSIONS } from '../../pipeline/models/sessions/tables.ts';
import { runCohort } from '../../pipeline/query/funnel/cohort.ts';
import { parseCohortQuery } from '../../pipeline/query/funnel/cohort-schema.ts';
import { parseEventFunnelQuery, runEventFunnel } from '../../pipeline/query/funnel/event-funnel.ts';
import { COHORT_PUBLICATION, cohortTables, randomCohorts } from '../../pipeline/query/funnel/testing/cohort-world.ts';
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
import { raw } from '../../pipeline/warehouse/sql.ts';
import type { Row } from '../../pipeline/warehouse/warehouse.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine?.stop());

const settings = {
  conversions: STAGES.map((name) => ({ name, label: name, sql: `${name}.sql` })),
  funnel: [...STAGES],
  eventFunnels: FUNNELS,
};
const LINK = 'conversion_name, id, lead_id, linked_by, is_first, lead_conversions, lead_valued, lead_value_micros';
const WAY = 'funnel_name, message_id, step, anonymous_id, session_id, since_entry_micros, since_previous_micros';
const keyOf = (row: object): string => JSON.stringify(Object.values(row).slice(0, 3));
const inOrder = <T extends object>(rows: readonly T[]): T[] => rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

const START = Date.UTC(2026, 2, 1);
const at = (minute: number): string => `${new Date(START + minute * 60_000).toISOString().slice(0, -1)}000Z`;

function eventRow({ who, id, minute, sequence, what, country, is_bot }: Happened): Row {
  const isPage = what === 'pricing' || what === 'other';
  return {
    write_key_id: 'wk',
    message_id: id,
    type: isPage ? 'page' : 'track',
    event: isPage ? null : what === 'signup' ? 'signup' : 'demo_requested',
    anonymous_id: who,
    sequence,
    occurred_at: at(minute),
    received_at: at(minute),
    page_path: what === 'pricing' ? '/pricing' : '/',
    properties: JSON.stringify({ seats: what === 'demo' ? 9 : 2 }),
    email_hashes: [],
    click_ids: [],
    country,
    is_bot,
    is_internal: false,
    library: 'touchtrail.js/0.1.0',
    edge_instance: 'edge-1',
    edge_sequence: 1,
  };
}

/** Sessions of three hours, which stand for those that the step makes: half of the visitors pause between them. */
function sessionsOf(events: readonly Happened[]): Session[] {
  const visits = Map.groupBy(
    events.filter(({ is_bot }) => !is_bot),
    ({ who, minute }) => `${who} ${Math.floor(minute / 180)}`,
  );
  return [...visits].map(([session_id, own]) => ({
    session_id,
    anonymous_id: own[0]!.who,
    started: Math.min(...own.map(({ minute }) => minute)),
    ended: Math.max(...own.map(({ minute }) => minute)),
  }));
}

const sessionRow = ({ session_id, anonymous_id, started, ended }: Session): Row => ({
  session_id,
  anonymous_id,
  started_at: at(started),
  ended_at: at(ended),
  start_date: at(started).slice(0, 10),
  events: 1,
  page_views: 1,
  engaged_seconds: 0,
  click_ids: [],
  source: 'x',
  medium: 'y',
  channel: 'Email',
  is_direct: false,
});

test('every night both engines link stages and follow visitors as the definitions say', { timeout: 120_000 }, async () => {
  const next = randomNumbers(8);
  const worlds: World[] = [await openWorld(settings), await openWorld(settings, new GoogleSqlWarehouse(engine))];
  let count = 0;
  const id = () => `m${++count}`;
  const visitors = Array.from({ length: 12 }, (_, i) => `v${i}`);
  let conversions = Array.from({ length: 12 }, (_, i) => randomWorld(`w${i}`, next));
  let events = visitors.flatMap((who) => randomVisit(who, 1 + next(14), next, id));
  try {
    for (let night = 0; night < 2; night++) {
      const changed = night === 0 ? [] : visitors.slice(0, 4);
      const former = conversions;
      if (night > 0) {
        conversions = conversions.map((own, i) => (i % 3 === 0 ? randomWorld(`w${i}`, next) : own));
        events = [...events.filter(({ who }) => !changed.includes(who)), ...changed.flatMap((who) => randomVisit(who, 5, next, id))];
      }
      const touched = former.flatMap((own, i) => (night > 0 && i % 3 === 0 ? [...own, ...conversions[i]!] : []));
      const keys = new Map(touched.map(({ conversion_name, id: own }) => [`${conversion_name} ${own}`, { conversion_name, id: own }]));
      const sessions = sessionsOf(events);
      for (const { warehouse } of worlds) {
        await warehouse.load(CONVERSIONS, conversions.flat().map(conversionRow), { replace: true });
        await warehouse.load(TOUCHED_CREDITS, [...keys.values()], { replace: true });
        await warehouse.load(EVENTS, events.map(eventRow), { replace: true });
        await warehouse.load(SESSIONS, sessions.map(sessionRow), { replace: true });
        const days = changed.map((who) => ({
          consumer: 'reports',
          anonymous_id: who,
          day: '2026-03-01',
          first_at: at(0),
          last_at: at(9),
          has_removals: true,
        }));
        await warehouse.load(EVENT_CHANGES, days, { replace: true });
      }
      const links = inOrder(conversions.flatMap(expectedLinks));
      const ways = expectedWays(events, sessions);
      expect(ways.length).toBeGreaterThan(40);
      const found: Row[][] = [];
      for (const world of worlds) {
        await world.run(funnels);
        const { dialect } = world.warehouse;
        expect(inOrder(await world.warehouse.rows(raw(`select ${LINK} from report_funnel`))), `night ${night}, ${dialect.name}`).toEqual(
          links,
        );
        const rows = await world.warehouse.rows<Record<string, number | string>>(raw(`select ${WAY} from report_event_funnels`));
        const lines = rows.map((row) =>
          [
            row['funnel_name'],
            row['message_id'],
            row['step'],
            row['anonymous_id'],
            row['session_id'],
            Number(row['since_entry_micros']) / 6e7,
            Number(row['since_previous_micros']) / 6e7,
          ].join(' '),
        );
        expect(lines.toSorted(), `night ${night}, ${dialect.name}`).toEqual(ways);
        found.push(await world.warehouse.rows(raw('select funnel_name, message_id, step, entry_date from report_event_funnels')));
      }
      expect(inOrder(found[1]!)).toEqual(inOrder(found[0]!));
    }
  } finally {
    for (const world of worlds) await world.close();
  }
});

test('both engines answer the same of lead cohorts and event funnels', { timeout: 120_000 }, async () => {
  const worlds: World[] = [await openWorld(settings), await openWorld(settings, new GoogleSqlWarehouse(engine))];
  const date_range = { start_date: '2026-01-01', end_date: '2026-12-31' };
  const next = randomNumbers(9);
  const cohorts = cohortTables(randomCohorts(25, next));
  const events = Array.from({ length: 10 }, (_, i) => randomVisit(`v${i}`, 9, next, () => `m${next(1e9)}`)).flat();
  const sessions = sessionsOf(events);
  const config = { ...COHORT_PUBLICATION.config, eventFunnels: publishedConfig(worlds[0]!.config).eventFunnels };
  const publication = { ...COHORT_PUBLICATION, config };
  const answers: unknown[][] = [];
  try {
    for (const world of worlds) {
      const { warehouse } = world;
      await warehouse.load(EVENTS, events.map(eventRow));
      await warehouse.load(SESSIONS, sessions.map(sessionRow));
      await world.run(funnels);
      const facts = sessions.map(({ session_id }, i): Row => ({
        session_id,
        person_key: i % 4,
        session_number: 1,
        click_date: '2026-03-01',
        channel: `c${i % 3}`,
        source: 'x',
        medium: 'y',
      }));
      await warehouse.load(REPORT_SESSIONS, facts);
      for (const [target, rows] of cohorts) await warehouse.load(target, rows, { replace: true });
      const cohort = async (query: object) =>
        runCohort(warehouse, publication, parseCohortQuery({ date_range, model: 'linear', ...query }, config));
      const ways = async (query: object) => runEventFunnel(warehouse, publication, parseEventFunnelQuery({ date_range, ...query }, config));
      answers.push([
        await cohort({}),
        await cohort({ interval: 'month', dimension: 'source_medium', split_by: 'mql', time_basis: 'click_time' }),
        await cohort({ dimension: 'campaign', filters: { and: [{ field: 'channel', operator: 'in', value: ['Email', 'Direct'] }] } }),
        await ways({ name: 'session_any' }),
        await ways({ name: 'window_any', dimension: 'ad_platform' }),
      ]);
    }
    expect(answers[1]).toEqual(answers[0]);
    for (const answer of answers[0]!) expect((answer as { rows: unknown[] }).rows.length).toBeGreaterThan(0);
  } finally {
    for (const world of worlds) await world.close();
  }
});
