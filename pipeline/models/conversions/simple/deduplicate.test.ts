import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Random } from '../../../../test/simulator/random.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { CONVERSION_RECORDS } from '../tables.ts';
import { type Repetition, decideRepetitions } from './deduplicate.ts';
import { STAGED_CANDIDATES } from './tables.ts';
import { type Timed, byTime, greedilyKept } from './testing/greedy.ts';

const DAY = 86_400_000_000;
const START = Date.UTC(2026, 0, 1) * 1000;
const iso = (micros: number) =>
  `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  for (const target of [STAGED_CANDIDATES, CONVERSION_RECORDS]) await world.warehouse.load(target, [], { replace: true });
});
afterAll(() => world.close());

interface Given {
  readonly repetition: Repetition;
  readonly rows: readonly Timed[];
}

/** Which of the rows of each conversion are kept; those before `from` are records already where they are kept. */
async function decided(given: readonly Given[]): Promise<Record<string, Set<string>>> {
  const records = [];
  const candidates = [];
  for (const { repetition, rows } of given) {
    const { name, from, days, byUserId } = repetition;
    const plain = rows.map((row) => (byUserId ? row : { ...row, user: null }));
    const kept = greedilyKept(plain, days === null ? Number.POSITIVE_INFINITY : days * DAY);
    for (const { id, at, client, user } of rows) {
      const row = {
        conversion_name: name,
        id,
        row_hash: id,
        conversion_time: iso(at),
        attribution_time: iso(at),
        client_id: client,
        user_id: user,
        params: [],
      };
      if (from === null || iso(at) >= from) candidates.push({ ...row, has_unusable_value: false, is_refunded: false, foreign_refunds: 0 });
      else if (kept.has(id)) records.push({ ...row, is_removed: false });
    }
  }
  await world.load(CONVERSION_RECORDS, records);
  await world.load(STAGED_CANDIDATES, candidates);
  await decideRepetitions(
    world.warehouse,
    given.map(({ repetition }) => repetition),
  );
  const rows = await world.rows(
    'select conversion_name, id from staged_candidates anti join staged_repetitions using (conversion_name, id)',
  );
  return Object.fromEntries(
    given.map(({ repetition: { name } }) => [
      name,
      new Set(rows.filter((row) => row['conversion_name'] === name).map(({ id }) => id as string)),
    ]),
  );
}

/** A conversion of a few users who share clients and user ids, with gaps near the reach. */
function randomWorld(random: Random, number: number): Given {
  const days = random.pick([1, 3, 3, 3, null]);
  const gaps = [0, 0, 1, DAY, DAY - 1, DAY + 1, 3 * DAY, 3 * DAY + 1, 3 * DAY - 1, 2 * DAY];
  let at = START;
  const rows = Array.from({ length: random.integer(1, 14) }, (_, i): Timed => {
    at += random.pick(gaps);
    return {
      id: `${random.integer(0, 9)}-${i}`,
      at,
      client: random.pick([null, 'a', 'a', 'b', 'c', 'd']),
      user: random.pick([null, null, 'u', 'v', 'w']),
    };
  });
  const from = random.chance(0.5) ? null : iso(random.pick(rows).at + random.pick([0, 1]));
  return { repetition: { name: `w${number}`, from, days, byUserId: random.chance(0.7) }, rows };
}

test('in 600 random worlds keeps what going through them one by one keeps', async () => {
  const random = new Random(6);
  const given = Array.from({ length: 600 }, (_, i) => randomWorld(random.fork(`world ${i}`), i));
  const result = await decided(given);
  let dropped = 0;
  for (const { repetition, rows } of given) {
    const { name, from, days, byUserId } = repetition;
    const plain = rows.map((row) => (byUserId ? row : { ...row, user: null }));
    const kept = greedilyKept(plain, days === null ? Number.POSITIVE_INFINITY : days * DAY);
    const inRange = rows.filter(({ at }) => from === null || iso(at) >= from);
    dropped += inRange.filter(({ id }) => !kept.has(id)).length;
    const found = inRange.toSorted(byTime).filter(({ id }) => result[name]!.has(id));
    expect(found, `${name}: ${JSON.stringify({ repetition, rows })}`).toEqual(inRange.toSorted(byTime).filter(({ id }) => kept.has(id)));
  }
  expect(dropped).toBeGreaterThan(500);
});

test('a chain in which each hangs on the one before is decided to its end', async () => {
  // Each shares its client with the one before and its user id with the one after: every second one is kept.
  const rows = Array.from({ length: 41 }, (_, i): Timed => ({
    id: String(i).padStart(2, '0'),
    at: START + i,
    client: `c${Math.floor(i / 2)}`,
    user: `u${Math.floor((i + 1) / 2)}`,
  }));
  const { chain } = await decided([{ repetition: { name: 'chain', from: null, days: 1, byUserId: true }, rows }]);
  expect([...chain!].toSorted()).toEqual(rows.filter((_, i) => i % 2 === 0).map(({ id }) => id));
});

test('of one instant the least id is kept', async () => {
  const rows = ['b', 'a', 'c'].map((id): Timed => ({ id, at: START, client: 'x', user: null }));
  const { same } = await decided([{ repetition: { name: 'same', from: null, days: 1, byUserId: true }, rows }]);
  expect([...same!]).toEqual(['a']);
});
