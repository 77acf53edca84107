import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { APPLIED_VERSIONS, MODEL_VERSIONS } from '../../models/attribution/fitted-tables.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { channelEffects } from './effects.ts';
import { listModels } from './list.ts';
import { modelNotices } from './notices.ts';
import { modelQuality } from './quality.ts';
import { parseVersionsQuery } from './schema.ts';
import { CONFIG, FEW, VERSION_TABLES } from './testing/versions.ts';

let warehouse: DuckDbWarehouse;
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate(VERSION_TABLES.map(([table]) => table));
  for (const [table, rows] of VERSION_TABLES) await warehouse.load(table, rows);
});
afterAll(() => warehouse.close());

/** The rows of a table by its name. */
const rowsOf = (name: string) => VERSION_TABLES.find(([table]) => table.name === name)![1];

const asked = (input: object = {}) => parseVersionsQuery(input, CONFIG);

test('models are listed in the order of the config, those that are learned with versions and provisional months', async () => {
  const models = await listModels(warehouse, CONFIG);
  expect(
    models.map(({ name, is_fitted, versions }) => [name, is_fitted, versions.map(({ conversion, month }) => `${conversion} ${month}`)]),
  ).toEqual([
    ['last_click', false, []],
    ['markov', true, ['closed_won 2026-03', 'lead 2026-02', 'lead 2026-03']],
    ['game', true, ['lead 2026-03']],
    ['visits', true, ['lead 2026-03']],
  ]);
  expect(models[1]!.versions[0]).toEqual({
    conversion: 'closed_won',
    month: '2026-03',
    status: 'too_little_data',
    notice: FEW,
    conversions: 12,
    paths: 80,
    trained_from: '2025-12-31T23:00:00.000000Z',
    trained_to: '2026-03-31T22:00:00.000000Z',
    fitted_at: '2026-04-08T03:00:00.000000Z',
  });
  expect(models[1]!.provisional).toEqual([
    { conversion: 'closed_won', month: '2026-04', version_month: '2026-03' },
    { conversion: 'lead', month: '2026-04', version_month: '2026-03' },
    { conversion: 'lead', month: '2026-05', version_month: '2026-03' },
  ]);
});

test('a project without learned models asks the warehouse for none', async () => {
  const before = warehouse.statements.length;
  const config = { ...CONFIG, models: ['last_click'], modelDetails: [] };
  expect(await listModels(warehouse, config)).toMatchObject([{ name: 'last_click', label: 'Last click', versions: [] }]);
  expect(await modelNotices(warehouse, CONFIG.modelDetails.slice(0, 1), ['lead'], ['2026-04-01'])).toEqual([]);
  expect(warehouse.statements.length).toBe(before);
});

describe('effects', () => {
  test('are those of the latest version, the largest first', async () => {
    expect(await channelEffects(warehouse, asked())).toEqual([
      { model: 'game', conversion: 'lead', month: '2026-03', channel: 'Email', effect: -0.0015, share: 0, error: 0.000125 },
      { model: 'markov', conversion: 'lead', month: '2026-03', channel: 'Paid Search', effect: 1, share: 0.8, error: null },
      { model: 'markov', conversion: 'lead', month: '2026-03', channel: 'Direct', effect: 0.25, share: 0.2, error: null },
    ]);
  });

  test.each([
    [{ model: 'markov', month: '2026-02' }, ['2026-02 Email']],
    [{ model: 'markov', month: 'all' }, ['2026-02 Email', '2026-03 Paid Search', '2026-03 Direct']],
    [{ conversion: 'closed_won' }, []],
  ])('of %j are those that are asked for', async (input, expected) =>
    expect((await channelEffects(warehouse, asked(input))).map(({ month, channel }) => `${month} ${channel}`)).toEqual(expected),
  );
});

test('quality is what the model has: of visit scoring AUC, calibration and weights, of sampled effects their error', async () => {
  const [, few, markov, visits] = await modelQuality(warehouse, asked({}));
  const [game] = await modelQuality(warehouse, asked({ model: 'game' }));
  const nothing = { auc: null, log_loss: null, base_log_loss: null, calibration: null, weights: null, greatest_error: null };
  expect(few).toMatchObject({
    model: 'markov',
    conversion: 'closed_won',
    status: 'too_little_data',
    notice: FEW,
    conversions: 12,
    ...nothing,
  });
  expect(markov).toMatchObject({ model: 'markov', conversion: 'lead', month: '2026-03', notice: null, ...nothing });
  expect(game).toMatchObject({ ...nothing, greatest_error: 0.000125 });
  expect(visits).toMatchObject({
    model: 'visits',
    held_out_visits: 2000,
    held_out_converted: 100,
    auc: 0.7125,
    log_loss: 0.181,
    base_log_loss: 0.1985,
    calibration: [{ predicted: 0.02 }, { predicted: 0.08 }],
    weights: [{ says: 'channel: Email', coefficient: 0.75 }],
  });
});

test('notices say which months are provisional, which learned too little, and which have no version', async () => {
  const months = ['2026-01-01', '2026-03-01', '2026-04-01', '2026-05-01'];
  const notices = await modelNotices(warehouse, CONFIG.modelDetails, ['lead', 'closed_won'], months);
  const later = 'their own version is fitted 7 days after the end of the month';
  expect(notices.map(({ kind, months: of, text }) => [kind, of.join(' '), text])).toEqual([
    ['too_little_data', '2026-03', `Markov of closed_won, 2026-03: ${FEW}`],
    ['too_little_data', '2026-04', `Markov of closed_won, 2026-04: ${FEW}; provisional: ${later}`],
    ['no_version', '2026-01', `Markov of lead, 2026-01: no version, so that the last significant click is credited`],
    ['provisional', '2026-04 2026-05', `Markov of lead, 2026-04, 2026-05: provisional, credited by the version of 2026-03; ${later}`],
    ['provisional', '2026-04', `Visit scoring of lead, 2026-04: provisional, credited by the version of 2026-03; ${later}`],
  ]);
  expect(await modelNotices(warehouse, CONFIG.modelDetails, ['lead'], ['2026-03-01'])).toEqual([]);
});

test('many months with too little data are told at once', async () => {
  const many = await openDuckDb(':memory:');
  try {
    await many.migrate(VERSION_TABLES.map(([table]) => table));
    const months = [1, 2, 3, 4].map((month) => `2026-0${month}-01`);
    const few = rowsOf('model_versions').find(({ status }) => status === 'too_little_data')!;
    await many.load(
      MODEL_VERSIONS,
      months.map((month, i) => ({ ...few, month, notice: `${i} conversions` })),
    );
    const row = rowsOf('applied_versions').find(
      ({ conversion_name: name, is_provisional: open }) => name === 'closed_won' && open === false,
    )!;
    await many.load(
      APPLIED_VERSIONS,
      months.map((month) => ({ ...row, month, version_month: month })),
    );
    expect((await modelNotices(many, CONFIG.modelDetails, ['closed_won'], months)).map(({ text }) => text)).toEqual([
      'Markov of closed_won, 4 months from 2026-01 to 2026-04: too little to learn from; the last significant click is credited',
    ]);
  } finally {
    await many.close();
  }
});

test.each([
  [{ model: 'markow' }, 'model: unknown learned model "markow", did you mean "markov"? (known: markov, game, visits)'],
  [{ model: 'last_click' }, 'model: unknown learned model "last_click"; known: markov, game, visits'],
  [{ conversion: 'led' }, 'conversion: unknown conversion "led", did you mean "lead"? (known: lead, closed_won)'],
  [{ month: '2026-13' }, '"2026-13": expected a month such as "2026-03", "latest" or "all"'],
  [{ mont: '2026-03' }, 'unknown key; did you mean "month"?'],
])('%j is refused: %s', (input, problem) => expect(() => asked(input)).toThrow(problem));
