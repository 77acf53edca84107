import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type World, openWorld } from '../../testing/world.ts';
import { attribution } from './attribution.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import {
  BY_ENGAGEMENT,
  type ExpectedRow,
  MODELS_CONFIG,
  expectedRows,
  inKeyOrder,
  modelWorlds,
  rowsOfWorlds,
} from './testing/model-worlds.ts';

const WORLDS = modelWorlds(1000, 5);

let world: World;
let credits: ExpectedRow[];
beforeAll(async () => {
  world = await openWorld(MODELS_CONFIG);
  await world.file('engagement.sql', BY_ENGAGEMENT);
  const rows = rowsOfWorlds(WORLDS);
  await world.load(IDENTITIES, rows.identities);
  await world.load(SESSIONS, rows.sessions);
  await world.load(CONVERSIONS, rows.conversions);
  await world.run(attribution);
  credits = (await world.rows(
    'select conversion_name, conversion_id, model, session_id, credit, value_micros from attribution',
  )) as unknown as ExpectedRow[];
});
afterAll(() => world.close());

test('in 1,000 random worlds every model credits as its definition says', () => {
  const found = inKeyOrder(credits);
  const expected = inKeyOrder(expectedRows(WORLDS, world.config));
  // A difference of ten thousands of rows takes minutes to print: the first one says enough.
  const i = expected.findIndex((row, place) => !isDeepStrictEqual(row, found[place]));
  if (i >= 0) expect(found.slice(i, i + 5)).toEqual(expected.slice(i, i + 5));
  expect(found).toHaveLength(expected.length);
});

test('credits sum to exactly 1e9, and values to exactly those of the conversions', async () => {
  expect(
    await world.rows(`
      select count(*) as wrong
      from (
        select sum(credit) as credit, sum(attribution.value_micros) as value, min(conversions.value_micros) as whole
        from attribution
        inner join conversions on conversions.conversion_name = attribution.conversion_name and conversions.id = conversion_id
        group by attribution.conversion_name, conversion_id, model
      )
      where credit <> 1000000000 or value is distinct from whole`),
  ).toEqual([{ wrong: 0 }]);
  expect(await world.rows('select count(distinct (conversion_name, conversion_id, model)) as n from attribution')).toEqual([
    { n: 2 * WORLDS.length * MODELS_CONFIG.attribution.models.length },
  ]);
});

test('the worlds have paths of no touch and of many, and credits of all sizes', () => {
  const lengths = Map.groupBy(
    credits.filter(({ model }) => model === 'linear'),
    (row) => row.conversion_id,
  );
  const counts = new Set([...lengths.values()].map((rows) => (rows[0]!.session_id === '' ? 0 : rows.length)));
  expect(counts).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]));
});
