import { afterEach, expect, test } from 'vitest';
import { addDays } from '../../config/calendar.ts';
import { randomNumbers } from '../../testing/random.ts';
import { type CrmRow, type CrmWorld, openCrmWorld } from './testing/crm.ts';

let world: CrmWorld;
afterEach(() => world.close());

const deal = { label: 'Deal', value: 'money', adjustmentDays: 10 } as const;
const told = (name: string, first: string, [came, changed, went]: readonly [number, number, number]) => {
  const total = came + changed + went;
  const [changes, are, them] = total === 1 ? ['change', 'is', 'it'] : ['changes', 'are', 'them'];
  return (
    `conversion ${name}: ${total} ${changes} before ${first} ${are} not followed (adjustmentDays: 10): ` +
    `${came} new, ${changed} changed, ${went} gone; touchtrail run --full ${name} takes ${them} over`
  );
};

const old = (first: number, second: number): CrmRow[] => [
  { id: 'old 1', created: '2026-02-01', value: first },
  { id: 'old 2', created: '2026-02-02', value: second },
];
const leaving = (value: number): CrmRow => ({ id: 'leaving', created: '2026-05-08', value });

test('what changes before the window is told every night until it is as it was, or taken over', async () => {
  world = await openCrmWorld([{ ...deal, name: 'deal', sql: 'timed.sql' }]);
  const kept: CrmRow = { id: 'K', created: '2026-05-18', value: 1 };
  const night = async (day: string, ...crm: readonly CrmRow[]) => (await world.night(day, [kept, ...crm])).warnings;
  const watched = async () => (await world.rows('select date(from_time) as day, row_count from conversion_watches')).map(Object.values);

  expect(await night('2026-05-18', leaving(1), ...old(1, 2))).toEqual([]);
  // The window begins with the 8th in Berlin, which is the 7th in UTC.
  expect(await watched()).toEqual([['2026-05-07', 2]]);
  // It has left the window since, and changed after that.
  expect(await night('2026-05-19', leaving(9), ...old(1, 2))).toEqual([told('deal', '2026-05-09', [0, 1, 0])]);
  expect(await watched()).toEqual([]);
  expect(await night('2026-05-20', leaving(9), ...old(1, 2))).toEqual([told('deal', '2026-05-10', [0, 1, 0])]);
  expect(await night('2026-05-21', leaving(1), ...old(1, 2))).toEqual([]);
  expect(await watched()).toEqual([['2026-05-10', 3]]);
  expect(await night('2026-05-22', leaving(1), ...old(1, 2))).toEqual([]);
  expect(await watched()).toEqual([['2026-05-11', 3]]);
  // The same values, of other rows.
  expect(await night('2026-05-23', leaving(1), ...old(2, 1))).toEqual([told('deal', '2026-05-13', [0, 2, 0])]);
  expect((await world.night('2026-05-23', [kept, leaving(1), ...old(2, 1)], { full: 'all' })).warnings).toEqual([]);
  expect(await watched()).toEqual([['2026-05-12', 3]]);
  // One goes, one comes: as many as before.
  expect(await night('2026-05-24', leaving(1), old(2, 1)[0]!, { id: 'late', created: '2026-02-02', value: 1 })).toEqual([
    told('deal', '2026-05-14', [1, 0, 1]),
  ]);
});

const keptAndOld = (value: number): CrmRow[] => [
  { id: 'K', created: '2026-05-18', value: 1 },
  { id: 'old', created: '2026-04-20', value },
];

test('a window that has grown is compared from where it begins now', async () => {
  world = await openCrmWorld([{ ...deal, name: 'deal', sql: 'timed.sql' }]);
  await world.night('2026-05-18', keptAndOld(1));
  const wider = await openCrmWorld([{ ...deal, name: 'deal', sql: 'timed.sql', adjustmentDays: 60 }], world.warehouse);
  expect((await wider.night('2026-05-19', keptAndOld(2))).warnings).toEqual([]);
  expect(await world.rows(`select original_value from conversion_records where id = 'old'`)).toEqual([{ original_value: 2 }]);
});

const CONVERSIONS = 6;
const NIGHTS = 4;

test('of many conversions that seldom change the changes before the windows are counted exactly', async () => {
  const names = Array.from({ length: CONVERSIONS }, (_, i) => `w${i}`);
  world = await openCrmWorld(names.map((name) => ({ ...deal, name, sql: `${name}.sql`, maximumShrink: 1 })));
  for (const name of names)
    await world.file(
      `${name}.sql`,
      `select id, created, client_id, value from crm where created >= @from and created < @to and starts_with(id, '${name}-')`,
    );
  const pick = randomNumbers(3);
  const first = '2026-05-10';
  const anyDay = () => addDays(first, pick(24) - 12);
  let crm = names.flatMap((name) =>
    Array.from({ length: 6 }, (_, i): CrmRow => ({ id: `${name}-${i}`, created: i === 0 ? '2026-06-01' : anyDay(), value: 1 })),
  );
  await world.night('2026-05-20', crm);
  const records = new Map(crm.map((one) => [one.id!, one]));
  let quiet = 0;
  for (let index = 1; index <= NIGHTS; index++) {
    const from = addDays(first, index);
    crm = crm.flatMap((one): CrmRow[] => {
      if (one.created === '2026-06-01') return [one];
      const what = pick(40);
      if (what === 0) return [];
      if (what === 1) return [{ ...one, value: one.value! + 1 }];
      return [what === 2 ? { ...one, created: anyDay() } : one];
    });
    if (pick(2) === 0) crm.push({ id: `${names[pick(CONVERSIONS)]!}-${from}`, created: anyDay(), value: 1 });
    const now = new Map(crm.map((one) => [one.id!, one]));
    const expected = names.flatMap((name) => {
      const counts: [number, number, number] = [0, 0, 0];
      for (const id of new Set([...records.keys(), ...now.keys()])) {
        if (!id.startsWith(`${name}-`)) continue;
        const [stored, said] = [records.get(id), now.get(id)];
        if ((stored && stored.created! >= from) || (said && said.created! >= from)) {
          if (said) records.set(id, said);
          else records.delete(id);
        } else if (!stored) counts[0]++;
        else if (!said) counts[2]++;
        else if (stored.value !== said.value || stored.created !== said.created) counts[1]++;
      }
      return counts.some((count) => count > 0) ? [told(name, from, counts)] : [];
    });
    quiet += CONVERSIONS - expected.length;
    expect((await world.night(addDays('2026-05-20', index), crm)).warnings).toEqual(expected);
  }
  // Both are there: nights in which nothing is told, and others.
  expect(quiet).toBeGreaterThan(NIGHTS);
  expect(quiet).toBeLessThan(CONVERSIONS * NIGHTS - NIGHTS);
});
