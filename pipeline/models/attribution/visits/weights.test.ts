import { afterAll, beforeAll, expect, test } from 'vitest';
import { type World, instant, openWorld } from '../../../testing/world.ts';
import { modelsOf, type ModelOf } from '../../../config/attribution.ts';
import { type Sql, sql } from '../../../warehouse/sql.ts';
import { APPLIED_VERSIONS } from '../fitted-tables.ts';
import { PARTS } from './chance.ts';
import { INTERCEPT } from './features.ts';
import { VISIT_COEFFICIENTS } from './tables.ts';
import { visitWeights } from './weights.ts';

const MODEL = { model: 'visit_scoring', conversion_name: 'lead' };

/** Which version of the model a month is credited by. */
const applied = (month: string, version_month: string | null) => ({
  ...MODEL,
  month,
  version_month,
  is_provisional: false,
  version_hash: '',
});

/** A coefficient of the version of February. */
const coefficient = (feature: string, value: string, of: number) => ({
  ...MODEL,
  month: '2026-02-01',
  feature,
  value,
  coefficient: of * PARTS,
});

let world: World;
beforeAll(async () => {
  world = await openWorld({ attribution: { models: ['visit_scoring'] } });
  await world.warehouse.migrate([APPLIED_VERSIONS]);
  await world.load(APPLIED_VERSIONS, [
    applied('2026-03-01', '2026-02-01'),
    applied('2026-04-01', null),
    applied('2026-05-01', '2026-04-01'),
    { ...applied('2026-03-01', '2026-05-01'), conversion_name: 'demo' },
  ]);
  await world.load(VISIT_COEFFICIENTS, [
    coefficient(INTERCEPT, '', -3),
    coefficient('channel', 'Display', 0.5),
    coefficient('channel', 'Email', 1),
    coefficient('channel', 'Direct', 0.25),
    coefficient('engaged_seconds', '7', 2),
    coefficient('visits_before', '2', 0.125),
    // Of another month, another conversion and another model: none of them counts.
    { ...coefficient('channel', 'Display', 9), month: '2026-01-01' },
    { ...coefficient('channel', 'Display', 9), conversion_name: 'demo' },
    { ...coefficient('channel', 'Display', 9), model: 'other' },
  ]);
});
afterAll(() => world.close());

/** Channel, and active seconds. */
type Touch = readonly [channel: string, seconds: number];

/** The weights of the touches of one path, an hour apart. */
async function weightsOf(touches: readonly Touch[], month = '2026-03-01', conversion = 'lead'): Promise<unknown[]> {
  const [model] = modelsOf(world.config) as [ModelOf<'visit_scoring'>];
  const { joins, weight } = visitWeights(world.warehouse.dialect, model);
  return (await world.warehouse.rows(weighted(touches, month, conversion, joins!, weight))).map((row) => row['weight']);
}

function weighted(touches: readonly Touch[], month: string, conversion: string, joins: Sql, weight: Sql): Sql {
  const rows = touches.map(([channel, seconds], i) => {
    const at = instant(`${String(i + 8).padStart(2, '0')}:00`);
    return [7, conversion, 'c1', `s${i}`, at, i + 1, touches.length, channel === 'Direct', channel, 'desktop', 1, seconds, month];
  });
  const paths = world.warehouse.dialect.values(
    'given',
    {
      conversion_number: 'INT64',
      conversion_name: 'STRING',
      conversion_id: 'STRING',
      session_id: 'STRING',
      started_at: 'TIMESTAMP',
      position: 'INT64',
      path_length: 'INT64',
      is_direct: 'BOOL',
      channel: 'STRING',
      device_type: 'STRING',
      page_views: 'INT64',
      engaged_seconds: 'FLOAT64',
      month: 'DATE',
    },
    rows,
  );
  return sql`
    with paths as (
      select
        conversion_number, conversion_name, conversion_id, session_id, started_at, position, path_length, is_direct, channel, device_type,
        page_views, engaged_seconds, month
      from ${paths}
    )
    select ${weight} as weight
    from paths${joins}
    order by paths.position nulls first`;
}

/** The chance at a logarithm of odds, in parts of 1e9. */
const parts = (score: number): number => Math.round(PARTS / (1 + Math.exp(-score)));

test('each visit is weighed by how much it raised the chance; the first by all of it', async () => {
  expect(await weightsOf([['Display', 0]])).toEqual([parts(-2.5)]);
  // The second visit has a coefficient of its own.
  expect(await weightsOf([['Display', 0], ['Email', 0]])).toEqual([parts(-2.5), parts(-1.875) - parts(-2.5)]); // prettier-ignore
  expect(await weightsOf([['Display', 0], ['Email', 400]])).toEqual([parts(-2.5), parts(0.125) - parts(-2.5)]); // prettier-ignore
});

test('a chance that falls is no gain, nor is what is only won back', async () => {
  const touches: Touch[] = [['Email', 400], ['Display', 0], ['Email', 400], ['Email', 0]]; // prettier-ignore
  // 0, −2.375, 0 again, −2.
  expect(await weightsOf(touches)).toEqual([parts(0), 0, 0, 0]);
});

test('what a direct visit raises the chance by goes to the last visit before it that is not direct', async () => {
  const touches: Touch[] = [['Direct', 0], ['Direct', 0], ['Display', 0], ['Direct', 400], ['Display', 400], ['Direct', 0]]; // prettier-ignore
  // −2.75, −2.625, −2.5, −0.75, −0.5, −2.75.
  expect(await weightsOf(touches)).toEqual([
    parts(-2.75),
    parts(-2.625) - parts(-2.75),
    parts(-2.5) - parts(-2.625) + (parts(-0.75) - parts(-2.5)),
    0,
    parts(-0.5) - parts(-0.75),
    0,
  ]);
});

test('a channel that the version has not seen adds nothing', async () => {
  expect(await weightsOf([['Podcast', 0]])).toEqual([parts(-3)]);
});

test('without a version, or with one that learned nothing, there are no weights', async () => {
  expect(await weightsOf([['Display', 0]], '2026-04-01')).toEqual([null]);
  expect(await weightsOf([['Display', 0]], '2026-05-01')).toEqual([null]);
  expect(await weightsOf([['Display', 0]], '2026-06-01')).toEqual([null]);
  expect(await weightsOf([['Display', 0]], '2026-03-01', 'demo')).toEqual([null]);
});
