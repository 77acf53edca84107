import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { type EventInput, type World, openWorld } from '../../testing/world.ts';
import { sql } from '../../warehouse/sql.ts';
import { forgetDefinitions } from '../definitions.ts';
import { forgetChanges } from '../events/changes.ts';
import { events } from '../events/events.ts';
import { EVENTS_RAW } from '../events/tables.ts';
import { sessions } from '../sessions/sessions.ts';
import { funnels } from './funnels.ts';
import { expectedWays, FUNNELS, type Happened, randomVisit, type Session } from './testing/ways.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ eventFunnels: FUNNELS });
});
afterAll(() => world.close());

const START = Date.UTC(2026, 2, 1);

function eventOf({ who, id, minute, sequence, what, country, is_bot }: Happened): EventInput {
  const common = { who, message_id: id, at: new Date(START + minute * 60_000).toISOString(), sequence, country, is_bot };
  if (what === 'pricing') return { ...common, type: 'page', page_path: '/pricing' };
  if (what === 'other') return { ...common, type: 'page', page_path: '/' };
  const event = what === 'signup' ? 'signup' : 'demo_requested';
  return { ...common, type: 'track', event, properties: JSON.stringify({ seats: what === 'demo' ? 9 : 2 }) };
}

async function night(): Promise<Record<string, unknown>> {
  const results = await world.run(events, sessions, funnels);
  await forgetChanges(world.warehouse, 'reports');
  return results.at(-1)!.changes;
}

async function ways(): Promise<string[]> {
  const rows = await world.rows(
    `select concat_ws(' ', funnel_name, message_id, step, anonymous_id, session_id, since_entry_micros // 60000000, since_previous_micros // 60000000) as way
     from report_event_funnels`,
  );
  return rows.map(({ way }) => way as string).toSorted();
}

const sessionsNow = async (): Promise<Session[]> =>
  (await world.rows(
    `select session_id, anonymous_id, epoch_ms(started_at - interval 0 second) / 60000 - ${START / 60_000} as started,
       epoch_ms(ended_at) / 60000 - ${START / 60_000} as ended from sessions`,
  )) as unknown as Session[];

test('after every night the ways of 100 visitors are those that the definition follows, and a rebuild finds the same', async () => {
  const next = randomNumbers(31);
  let count = 0;
  const id = () => `m${++count}`;
  const visitors = Array.from({ length: 100 }, (_, i) => `v${i}`);
  let known: Happened[] = visitors.flatMap((who) => randomVisit(who, 1 + next(20), next, id));
  await world.events(...known.map(eventOf));
  await night();
  expect(await ways()).toEqual(expectedWays(known, await sessionsNow()));
  for (let i = 0; i < 3; i++) {
    const changed = visitors.filter(() => next(6) === 0);
    // Some events come late, some go.
    const come = changed.flatMap((who) => randomVisit(who, 1 + next(3), next, id));
    const gone = known.filter(({ who }) => changed.includes(who) && next(8) === 0);
    await world.events(...come.map(eventOf));
    for (const one of gone) await world.warehouse.delete({ ...EVENTS_RAW, key: ['message_id'] }, sql`select ${one.id} as message_id`);
    known = [...known.filter((one) => !gone.includes(one)), ...come];
    await night();
    expect(await ways(), `night ${i}`).toEqual(expectedWays(known, await sessionsNow()));
  }
  const [reached] = await world.rows('select count(distinct funnel_name || step) as steps from report_event_funnels');
  expect(reached).toEqual({ steps: 18 });
  const before = await world.rows('select * from report_event_funnels order by all');
  await forgetDefinitions(world.warehouse, ['event_funnels']);
  await night();
  expect(await world.rows('select * from report_event_funnels order by all')).toEqual(before);
});

test('a night follows only visitors whose events changed, and one without changes asks and writes nothing', async () => {
  await world.events(eventOf({ who: 'new', id: 'n1', minute: 9000, sequence: null, what: 'pricing', country: 'AT', is_bot: false }));
  expect(await night()).toEqual({ report_event_funnels: { inserted: FUNNELS.length, updated: 0, deleted: 0 } });
  const before = world.warehouse.statements.length;
  expect(await night()).toEqual({ report_event_funnels: { inserted: 0, updated: 0, deleted: 0 } });
  const asked = world.warehouse.statements.slice(before).filter(({ label }) => label.includes('funnel'));
  expect(asked.map(({ label }) => label)).toEqual(['event funnels: changed']);
});

test('without event funnels there is nothing to do, and what was is forgotten', async () => {
  const context = {
    warehouse: world.warehouse,
    config: { ...world.config, eventFunnels: [] },
    configFolder: world.folder,
    now: '2026-07-01T03:00:00.000Z',
  };
  const { changes } = await funnels(context);
  expect(changes['report_event_funnels']!.deleted).toBeGreaterThan(100);
  const before = world.warehouse.statements.length;
  expect(await funnels(context)).toEqual({ changes: {}, warnings: [] });
  expect(world.warehouse.statements.slice(before).map(({ label }) => label)).toEqual(['definitions', 'definitions']);
  expect(await world.rows('select 1 from report_event_funnels')).toEqual([]);
});
