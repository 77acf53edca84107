import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { type EventInput, page } from '../../testing/world.ts';
import { runDiff } from './diff.ts';
import { openPair } from './pair.ts';
import { type DiffQueryInput, parseDiffQuery } from './schema.ts';
import { type CrmRow, type Nights, openNights } from './testing/nights.ts';
import type { DiffResult } from './types.ts';

// Many people, to each of whom nothing, one thing or several happen between two nights, by chance.

const PEOPLE = 150;
/** What may happen to a deal, in the order of precedence; `cause` is what linear credits, which all touches have, show of it. */
const HAPPENINGS = [
  { name: 'deleted', cause: 'deleted' },
  { name: 'updated', cause: 'updated' },
  { name: 'merged', cause: 'identity' },
  { name: 'split', cause: 'identity' },
  { name: 'late', cause: 'late_events' },
  { name: 'dollars', cause: 'exchange_rates' },
] as const;
type Happening = (typeof HAPPENINGS)[number]['name'];

const visit = (who: string, at: string, query: string): EventInput => ({ who, at, ...page(`https://www.fernhill.example/${query}`) });
const SOURCES = ['?utm_source=google&utm_medium=cpc', '?utm_source=newsletter&utm_medium=email', '?utm_source=x&utm_medium=social', ''];

interface Someone {
  readonly id: string;
  readonly happened: ReadonlySet<Happening>;
  readonly deal: CrmRow;
}

/** Who they are, and the events of both nights. */
function peopleOf(seed: number): { people: Someone[]; first: EventInput[]; second: EventInput[] } {
  const next = randomNumbers(seed);
  const first: EventInput[] = [];
  const second: EventInput[] = [];
  const source = () => SOURCES[next(SOURCES.length)]!;
  const people = Array.from({ length: PEOPLE }, (_, i): Someone => {
    const id = `p${i}`;
    const phone = `${id}phone`;
    const happened = new Set<Happening>();
    for (const { name } of HAPPENINGS) if (next(4) === 0 && !(name === 'split' && happened.has('merged'))) happened.add(name);
    const hash = (n: number) => ({ hash: `${i}x${n}`.padStart(64, '0').replace('x', 'a'), origin: 'form' as const });
    const form = (who: string, at: string, ...numbers: readonly number[]): EventInput => ({
      who,
      at,
      type: 'identify',
      email_hashes: numbers.map(hash),
    });
    first.push(
      visit(id, `2026-02-${10 + next(5)} 10:00`, source()),
      form(id, '2026-02-16 10:00', 0),
      visit(phone, '2026-02-20 10:00', source()),
    );
    if (happened.has('split')) {
      first.push(form(phone, '2026-02-20 10:01', 0));
      // With more than three addresses a device links nobody.
      second.push(form(phone, '2026-04-01 10:00', 1, 2, 3, 4));
    }
    if (happened.has('merged')) second.push(form(phone, '2026-04-01 10:00', 0));
    if (happened.has('late')) second.push(visit(id, '2026-02-25 10:00', source()));
    const deal = {
      id: `D${i}`,
      created: `2026-03-${10 + next(15)}T12:00:00Z`,
      client_id: id,
      value: 100 + next(900),
      ...(happened.has('dollars') && { currency: 'USD' }),
    };
    return { id, happened, deal };
  });
  return { people, first, second };
}

/** A file of rates of a month. */
const rates = (rate: number) =>
  `Date,USD\n${Array.from({ length: 30 }, (_, day) => `2026-03-${String(day + 1).padStart(2, '0')},${rate}\n`).join('')}`;

let nights: Nights;
let people: Someone[];
beforeAll(async () => {
  nights = await openNights();
  const world = peopleOf(20_260_701);
  people = world.people;
  const deals = people.map(({ deal }) => deal);
  await nights.run({ now: '2026-04-01T03:00:00.000Z', events: world.first, leads: [], deals, rates: rates(1.25) });
  await nights.run({
    now: '2026-04-02T03:00:00.000Z',
    events: world.second,
    leads: [],
    deals: [
      ...people.flatMap(({ happened, deal }) => {
        if (happened.has('deleted')) return [];
        return [happened.has('updated') ? { ...deal, value: deal.value! + 7 } : deal];
      }),
      ...[0, 1, 2].map((i) => ({ id: `N${i}`, created: '2026-03-30T12:00:00Z', client_id: `p${i}`, value: 50 })),
    ],
    rates: rates(1.5),
  });
}, 120_000);
afterAll(() => nights.close());

async function diff(query: DiffQueryInput): Promise<DiffResult> {
  const pair = await openPair(nights.dataFolder, undefined, undefined);
  try {
    return await runDiff(pair, parseDiffQuery({ conversion: 'deal', ...query }, [pair.later.config]));
  } finally {
    await pair.close();
  }
}

test('every deal has the first cause of those that happened to it, and no other differs', async () => {
  const { conversions, differing } = await diff({
    model: 'linear',
    dimension: 'source_medium',
    metrics: ['conversions', 'conversion_value'],
    list: 1000,
  });
  const found = new Map(conversions.map(({ id, cause }) => [id, cause]));
  const expected = new Map<string, string>(['N0', 'N1', 'N2'].map((id) => [id, 'new']));
  for (const { deal, happened } of people) {
    const first = HAPPENINGS.find(({ name }) => happened.has(name));
    if (first) expected.set(deal.id, first.cause);
  }
  // A touch of the same source as all the others changes a path, and no number of it.
  for (const [id, cause] of expected) if (!found.has(id) && (cause === 'identity' || cause === 'late_events')) expected.delete(id);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  expect(Object.keys(differing)).toEqual(['new', 'deleted', 'updated', 'identity', 'late_events', 'exchange_rates']);
  expect(Math.min(...Object.values(differing))).toBeGreaterThanOrEqual(3);
});

test.each([
  ['linear', 'channel', 'click_time'],
  ['linear', 'date', 'conversion_time'],
  ['last_click', 'source', 'conversion_time'],
  ['first_click', 'date', 'click_time'],
] as const)('the parts add up in every row: %s by %s, %s', async (model, dimension, time_basis) => {
  const date_range = { start_date: '2026-02-12', end_date: '2026-03-18' };
  const { metrics } = await diff({ model, dimension, time_basis, date_range, metrics: ['conversions', 'conversion_value', 'sessions'] });
  for (const { rows, total } of metrics) {
    for (const { before, after, causes } of [...rows, total])
      expect(Object.values(causes).reduce((sum, part) => sum + part, 0n)).toBe(after - before);
  }
  expect(metrics[0]!.total.before).toBeGreaterThan(0n);
});
