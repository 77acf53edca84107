import { afterEach, describe, expect, test } from 'vitest';
import { addDays } from '../../config/calendar.ts';
import { randomNumbers } from '../../testing/random.ts';
import { raw } from '../../warehouse/sql.ts';
import { type CrmRow, type CrmWorld, openCrmWorld } from './testing/crm.ts';
import { type Pick, changedInside, newRow, row, someDay } from './testing/crm-history.ts';

const FIRST_NIGHT = '2026-05-20';
const NIGHTS = 4;
const WINDOW_DAYS = 10;
const WORLDS = 400;
const night = (index: number) => addDays(FIRST_NIGHT, index);
/** The first day of the window of a night; rows are of noon, so that it is one in every zone. */
const windowOf = (index: number) => addDays(night(index), -WINDOW_DAYS);

interface Definition {
  readonly name: string;
  readonly sql: string;
}

let worlds: CrmWorld[] = [];
afterEach(async () => {
  for (const world of worlds) await world.close();
  worlds = [];
});

async function open(...definitions: readonly Definition[]): Promise<CrmWorld> {
  const world = await openCrmWorld(
    definitions.map((one) => ({
      ...one,
      label: one.name,
      value: 'money' as const,
      adjustmentDays: WINDOW_DAYS,
      keepZero: true,
      maximumShrink: 1,
    })),
  );
  worlds.push(world);
  return world;
}

/** What a record says, for comparison. */
const said = ({ created, value, is_qualified, client_id }: CrmRow) => JSON.stringify([created, value, is_qualified, client_id]);

const idsOf = (index: number) => ['A', 'B', 'C'].map((id) => `${id}${index}`);

describe('a history of CRM states', () => {
  test('whose changes fall inside the window gives, night by night, what one full build gives of the last state', async () => {
    const definitions = [
      { name: 'timed', sql: 'timed.sql' },
      { name: 'daily', sql: 'daily.sql' },
      { name: 'loose', sql: 'loose.sql' },
    ];
    const nightly = await open(...definitions);
    const pick = randomNumbers(11);
    let states = Array.from({ length: WORLDS }, (_, index) =>
      Array.from({ length: 3 + pick(4) }, () => newRow(idsOf(index), addDays(windowOf(0), -8), 22, pick)),
    );
    for (let index = 0; index < NIGHTS; index++) {
      if (index > 0) states = states.map((rows, i) => changedInside(rows, idsOf(i), windowOf(index), pick));
      const { warnings } = await nightly.night(night(index), states.flat());
      expect(warnings.filter((text) => text.includes('not followed'))).toEqual([]);
    }
    const whole = await open(...definitions);
    await whole.night(night(NIGHTS - 1), states.flat());
    for (const name of ['conversion_records', 'rejected_conversions', 'conversions']) {
      const [found, expected] = await Promise.all([nightly, whole].map((world) => ordered(world, name)));
      expect(found, name).toEqual(expected);
    }
    expect((await nightly.rows('select 1 from conversion_records')).length).toBeGreaterThan(WORLDS);
    expect((await nightly.rows('select 1 from rejected_conversions')).length).toBeGreaterThan(WORLDS);
    expect((await nightly.rows('select 1 from conversion_changes')).length).toBeGreaterThan(WORLDS);
  });
});

async function ordered(world: CrmWorld, name: string): Promise<string[]> {
  const rows = await world.warehouse.rows(raw(`select * from ${name}`));
  return rows.map((one) => JSON.stringify(one)).toSorted();
}

/** Any change anywhere; every id once. */
function changedAnywhere(rows: readonly CrmRow[], prefix: string, from: string, pick: Pick): CrmRow[] {
  const anyDay = () => someDay(addDays(from, -8), 20, pick);
  const next = rows.flatMap((one): CrmRow[] => {
    switch (pick(8)) {
      case 0:
        return [];
      case 1:
        return [{ ...one, value: [null, 0, 10, 20][pick(4)]! }];
      case 2:
        return [{ ...one, created: anyDay() }];
      default:
        return [one];
    }
  });
  if (pick(2) === 0) next.push(row(`${prefix}-${from}`, anyDay(), pick));
  return next;
}

/**
 * The records by the rule alone: one is followed where it stood in the window, or stands in it now. What differs then is what
 * is to be counted.
 */
function follow(records: Map<string, CrmRow>, crm: readonly CrmRow[], from: string): { came: number; changed: number; went: number } {
  const now = new Map(crm.map((one) => [one.id!, one]));
  const isInside = (one: CrmRow | undefined) => one !== undefined && one.created! >= from;
  for (const id of new Set([...records.keys(), ...now.keys()])) {
    if (!isInside(records.get(id)) && !isInside(now.get(id))) continue;
    const one = now.get(id);
    if (one) records.set(id, one);
    else records.delete(id);
  }
  const differing = [...records].filter(([id, one]) => now.has(id) && said(now.get(id)!) !== said(one));
  return {
    came: [...now.keys()].filter((id) => !records.has(id)).length,
    changed: differing.length,
    went: [...records.keys()].filter((id) => !now.has(id)).length,
  };
}

describe('changes before the window', () => {
  test('are not followed, and counted exactly, until a full run takes them over', async () => {
    const world = await open({ name: 'deal', sql: 'timed.sql' });
    const pick = randomNumbers(5);
    let states = Array.from({ length: WORLDS }, (_, index) =>
      Array.from({ length: 4 }, (__, i) => row(`${index}-${i}`, someDay(addDays(windowOf(0), -8), 20, pick), pick)),
    );
    await world.night(night(0), states.flat());
    const records = new Map(states.flat().map((one) => [one.id!, one]));
    let last = 0;
    for (let index = 1; index <= NIGHTS; index++) {
      states = states.map((rows, i) => changedAnywhere(rows, String(i), windowOf(index), pick));
      const { came, changed: other, went } = follow(records, states.flat(), windowOf(index));
      const { warnings } = await world.night(night(index), states.flat());
      last = came + other + went;
      expect(warnings).toEqual([
        `conversion deal: ${last} changes before ${windowOf(index)} are not followed (adjustmentDays: 10): ` +
          `${came} new, ${other} changed, ${went} gone; touchtrail run --full deal takes them over`,
      ]);
      expect(Math.min(came, other, went)).toBeGreaterThan(0);
      const stored = await world.warehouse.rows<Required<CrmRow> & { day: string }>(
        raw(
          'select id, date(conversion_time) as day, original_value as value, is_qualified, client_id from conversion_records order by id nulls first',
        ),
      );
      const expected = [...records].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, one]) => `${id} ${said(one)}`);
      expect(stored.map(({ day, ...one }) => `${one.id} ${said({ ...one, created: day })}`)).toEqual(expected);
    }
    const { warnings } = await world.night(night(NIGHTS), states.flat(), { full: ['deal'] });
    expect(warnings).toEqual([]);
    const whole = await open({ name: 'deal', sql: 'timed.sql' });
    await whole.night(night(NIGHTS), states.flat());
    expect(await ordered(world, 'conversion_records')).toEqual(await ordered(whole, 'conversion_records'));
    // Each id that differed, and nothing else.
    const taken = await world.rows(`select distinct id from conversion_changes where changed_at = timestamp '${night(NIGHTS)} 03:00:00'`);
    expect(taken.length).toBeGreaterThanOrEqual(last);
  });
});
