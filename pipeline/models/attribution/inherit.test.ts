import { afterEach, describe, expect, test } from 'vitest';
import { type World, instant, openWorld } from '../../testing/world.ts';
import { sql, table } from '../../warehouse/sql.ts';
import { CONVERSIONS, TOUCHED_CONVERSIONS } from '../conversions/tables.ts';
import { EVENTS } from '../events/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { attribution } from './attribution.ts';
import { creditRows } from './credits.ts';
import { heirsByLevel } from './levels.ts';
import { creditTables } from './tables.ts';
import { sessionRow, settings } from './testing/worlds.ts';

let world: World;
afterEach(() => world.close());

type Policy = Parameters<typeof settings>[0];

/** One person `p` with sessions at these times of 2 March, direct ones in brackets; tracking began long before. */
async function open(policy: Policy, ...times: readonly string[]): Promise<void> {
  world = await openWorld({ ...settings(policy), attribution: { models: ['last_click'] } });
  const began = instant('2025-01-01 00:00');
  const event = { write_key_id: 'wk', message_id: 'm', type: 'page', anonymous_id: 'p', is_bot: false, is_internal: false };
  await world.load(EVENTS, [{ ...event, occurred_at: began, received_at: began, edge_instance: 'e', edge_sequence: 1 }]);
  await world.load(IDENTITIES, [{ anonymous_id: 'p', person_id: 'p', person_key: 1, first_seen: began }]);
  await world.load(
    SESSIONS,
    times.map((time) => {
      const direct = time.startsWith('(');
      const at = instant(time.replaceAll(/[()]/g, ''));
      return sessionRow({ id: `s${time}`, visitor: 'p', at, direct });
    }),
  );
}

interface Given {
  readonly at?: string;
  readonly person?: string | null;
  readonly answer?: string;
  readonly parent?: readonly [name: string, id: string];
  readonly value?: number;
}

async function conversion(name: string, id: string, { at = '12:00', person = 'p', answer, parent, value }: Given = {}): Promise<void> {
  const time = instant(at);
  await world.load(CONVERSIONS, [
    {
      conversion_name: name,
      id,
      conversion_time: time,
      attribution_time: time,
      conversion_date: '2026-03-02',
      client_id: 'x',
      person_id: person,
      self_reported_channel: answer ?? null,
      parent_name: parent?.[0] ?? null,
      parent_id: parent?.[1] ?? null,
      value_micros: value ?? null,
    },
  ]);
}

/** `name id: session or what stands for it < whom it is inherited from`. */
async function credited(): Promise<string[]> {
  await world.run(attribution);
  const rows = await world.rows(
    `select
       conversion_name || ' ' || conversion_id || ': ' || coalesce(nullif(session_id, ''), channel, reason)
         || coalesce(' < ' || inherited_from_name || ' ' || inherited_from_id, '') as line
     from attribution order by conversion_name, conversion_id`,
  );
  return rows.map(({ line }) => line as string);
}

async function touch(...keys: readonly (readonly [string, string])[]): Promise<void> {
  await world.load(
    TOUCHED_CONVERSIONS,
    keys.map(([conversion_name, id]) => ({ conversion_name, id })),
  );
}

describe('a conversion with a parent', () => {
  test('has the credits of the head of its chain, whatever its own path, and its value divided by them', async () => {
    await open('direct', '10:00', '14:00');
    await conversion('lead', 'L', { at: '11:00' });
    await conversion('mql', 'M', { at: '15:00', parent: ['lead', 'L'] });
    await conversion('opportunity', 'O', { at: '16:00', parent: ['mql', 'M'], person: null });
    expect(await credited()).toEqual(['lead L: s10:00', 'mql M: s10:00 < lead L', 'opportunity O: s10:00 < lead L']);
  });

  test('keeps its own where the parent has none to give, and gives them to its children', async () => {
    await open('direct', '14:00');
    await conversion('lead', 'L', { at: '11:00' });
    await conversion('mql', 'M', { at: '15:00', parent: ['lead', 'L'] });
    await conversion('opportunity', 'O', { at: '12:00', parent: ['mql', 'M'] });
    await conversion('closed_won', 'C', { at: '12:00', parent: ['opportunity', 'gone'] });
    expect(await credited()).toEqual([
      'closed_won C: no_session_in_window',
      'lead L: no_session_in_window',
      'mql M: s14:00',
      'opportunity O: s14:00 < mql M',
    ]);
  });

  test('has what the parent was told, rather than its own path', async () => {
    await open('direct', '14:00');
    await conversion('lead', 'L', { at: '11:00', answer: 'Podcast (SRA)' });
    await conversion('mql', 'M', { at: '15:00', parent: ['lead', 'L'] });
    expect(await credited()).toEqual(['lead L: Podcast (SRA)', 'mql M: Podcast (SRA) < lead L']);
  });

  test('divides its value anew by what is credited up to each session id', async () => {
    await open('direct');
    const parent = { conversion_name: 'lead', conversion_id: 'L', pass: 1, click_time: instant('10:00'), value_last_click: 7 };
    const { touches } = creditTables(world.config);
    await world.load(touches, [
      { ...parent, session_id: 's3', credit_last_click: 333_333_333 },
      { ...parent, session_id: 's1', credit_last_click: 333_333_334 },
      { ...parent, session_id: 's2', credit_last_click: 333_333_333 },
    ]);
    await conversion('mql', 'M', { parent: ['lead', 'L'], value: -100 });
    const scope = { names: { of: ['mql'], parents: sql`select * from ${table(touches.name)}` } };
    const source = creditRows(world.warehouse.dialect, world.config, scope);
    const rows = sql`select session_id, credit_last_click as credit, value_last_click as value_micros, inherited_from_id from (${source}) as credits order by session_id nulls first`;
    expect(await world.warehouse.rows(rows)).toEqual([
      { session_id: 's1', credit: 333_333_334, value_micros: -33, inherited_from_id: 'L' },
      { session_id: 's2', credit: 333_333_333, value_micros: -33, inherited_from_id: 'L' },
      { session_id: 's3', credit: 333_333_333, value_micros: -34, inherited_from_id: 'L' },
    ]);
  });

  test('is credited anew, with all below it, when its parent appears late or goes', async () => {
    await open('direct', '10:00', '14:00');
    await conversion('mql', 'M', { at: '15:00' });
    await conversion('opportunity', 'O', { at: '16:00', parent: ['mql', 'M'] });
    await conversion('signup', 'S', { at: '15:00' });
    expect(await credited()).toEqual(['mql M: s14:00', 'opportunity O: s14:00 < mql M', 'signup S: s14:00']);
    // The parent appears: the step before queues it and the child that it has now.
    await world.warehouse.load(CONVERSIONS, [], { replace: true });
    await conversion('lead', 'L', { at: '11:00' });
    await conversion('mql', 'M', { at: '15:00', parent: ['lead', 'L'] });
    await conversion('opportunity', 'O', { at: '16:00', parent: ['mql', 'M'] });
    await conversion('signup', 'S', { at: '15:00' });
    await touch(['lead', 'L'], ['mql', 'M']);
    const [appeared] = await world.run(attribution);
    expect(appeared!.changes).toEqual({ attribution: { inserted: 3, updated: 0, deleted: 2 } });
    expect(await credited()).toEqual(['lead L: s10:00', 'mql M: s10:00 < lead L', 'opportunity O: s10:00 < lead L', 'signup S: s14:00']);
    // Only the lead's value is another one: its children are asked again, and nothing of them changes.
    await touch(['lead', 'L']);
    const [same] = await world.run(attribution);
    expect(same!.changes).toEqual({ attribution: { inserted: 0, updated: 0, deleted: 0 } });
    await world.warehouse.load(CONVERSIONS, [], { replace: true });
    await conversion('mql', 'M', { at: '15:00' });
    await conversion('opportunity', 'O', { at: '16:00', parent: ['mql', 'M'] });
    await conversion('signup', 'S', { at: '15:00' });
    await touch(['lead', 'L'], ['mql', 'M']);
    expect(await credited()).toEqual(['mql M: s14:00', 'opportunity O: s14:00 < mql M', 'signup S: s14:00']);
  });
});

describe('what a person answered is credited', () => {
  const path = { none: [], direct: ['(10:00)'], mixed: ['10:00', '(11:00)'] };
  const answer = 'Word of Mouth (SRA)';
  test.each<[Policy, keyof typeof path, string]>([
    ['direct', 'none', answer],
    ['direct', 'direct', answer],
    ['direct', 'mixed', 's(11:00)'],
    ['empty', 'none', answer],
    ['empty', 'direct', 's(10:00)'],
    ['empty', 'mixed', 's(11:00)'],
    ['always', 'none', answer],
    ['always', 'direct', answer],
    ['always', 'mixed', answer],
    ['never', 'none', 'no_session_in_window'],
    ['never', 'direct', 's(10:00)'],
    ['never', 'mixed', 's(11:00)'],
  ])('%s: where the path is %s, %s', async (policy, sessions, expected) => {
    await open(policy, ...path[sessions]);
    await conversion('lead', 'L', { answer });
    await conversion('signup', 'S', {});
    const [lead, signup] = await credited();
    expect(lead).toBe(`lead L: ${expected}`);
    expect(signup).toBe(`signup S: ${{ none: 'no_session_in_window', direct: 's(10:00)', mixed: 's(11:00)' }[sessions]}`);
  });

  test('with all of the value, at the attribution time, in each model', async () => {
    await open('direct');
    await conversion('lead', 'L', { answer, value: 5 });
    await world.run(attribution);
    expect(await world.rows('select * from attribution')).toEqual([
      {
        conversion_name: 'lead',
        conversion_id: 'L',
        model: 'last_click',
        session_id: '',
        credit: 1_000_000_000,
        value_micros: 5,
        click_time: '2026-03-02T12:00:00.000000Z',
        reason: 'self_reported',
        channel: answer,
        inherited_from_name: null,
        inherited_from_id: null,
      },
    ]);
  });
});

test('the levels of a chain follow from the config, in whatever order it names them', async () => {
  await open('direct');
  const { conversions } = world.config;
  expect(heirsByLevel(conversions.toReversed())).toEqual([['mql'], ['opportunity'], ['closed_won']]);
});
