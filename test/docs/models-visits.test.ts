import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modelsOf } from '../../pipeline/config/attribution.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { APPLIED_VERSIONS } from '../../pipeline/models/attribution/fitted-tables.ts';
import { INTERCEPT, VISIT_FEATURES } from '../../pipeline/models/attribution/visits/features.ts';
import { LEAST_CONVERTED_PERSONS } from '../../pipeline/models/attribution/visits/fit.ts';
import { VISIT_COEFFICIENTS } from '../../pipeline/models/attribution/visits/tables.ts';
import { loadVisitors } from '../../pipeline/models/attribution/visits/testing/visitors.ts';
import { TREE_OPTIONS } from '../../pipeline/models/attribution/visits/trees.ts';
import { RIDGE } from '../../pipeline/models/attribution/visits/train.ts';
import { HELD_OUT_ONE_IN } from '../../pipeline/models/attribution/visits/vectors.ts';
import { openWorld } from '../../pipeline/testing/world.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'models.md'), 'utf8');
const section = text.slice(text.indexOf('\n## Visit scoring\n'));

const percent = (cell: string): number => Number(cell.replace(' %', ''));

test('the config of the page credits the path of the page as the page says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-visits-'));
  const project = `project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, site: { domains: ['www.fernhill.example'] }`;
  const file = join(folder, 'touchtrail.config.mjs');
  const conversions = `conversions: [{ name: 'lead', label: 'Lead', kind: 'event', event: 'lead' }]`;
  await writeFile(file, `export default { ${project}, ${conversions}, ${blockOf(await codeBlocks('models.md'), 'ts visit-scoring')} };`);
  const { config } = await loadConfig(file);
  expect(modelsOf(config).at(-1)).toEqual({ name: 'visit_scoring', type: 'visit_scoring', trainingDays: 180 });

  const world = await openWorld(config);
  const path = tableOf(section, 'Visit | Channel');
  const key = { model: 'visit_scoring', conversion_name: 'lead', month: '2026-03-01' };
  await world.load(APPLIED_VERSIONS, [{ ...key, version_month: key.month, is_provisional: false, version_hash: 'page' }]);
  // A version by which each channel alone decides: its weight is the logarithm of the odds that the page names.
  const weights = path.map(([, channel, after]) => ({ channel: channel!, odds: percent(after!) / (100 - percent(after!)) }));
  const coefficients = weights.map(({ channel, odds }) => ({
    ...key,
    feature: 'channel',
    value: channel,
    coefficient: Math.round(Math.log(odds) * 1e9),
  }));
  await world.load(VISIT_COEFFICIENTS, [{ ...key, feature: INTERCEPT, value: '', coefficient: 0 }, ...coefficients]);
  const visits = path.map(([, channel], i) => ({ at: `2026-03-0${i + 2} 10:00`, channel: channel! }));
  await loadVisitors(world, [{ person: 'p', key: 1, visits, conversions: { one: '2026-03-09 10:00' } }]);
  await world.run(attribution);
  const credits = await world.rows(`
    select sessions.channel, round(100 * coalesce(attribution.credit, 0) / 1e9, 3) as credit
    from sessions
    left join attribution on attribution.session_id = sessions.session_id and attribution.model = 'visit_scoring'
    order by sessions.started_at`);
  expect(credits).toEqual(path.map((cells) => ({ channel: cells[1], credit: percent(cells.at(-1)!) })));

  let highest = 0;
  for (const [, , after, before, gain] of path) {
    expect(percent(before!)).toBe(highest);
    expect(percent(gain!)).toBe(Math.max(0, percent(after!) - highest));
    highest = Math.max(highest, percent(after!));
  }
  await world.close();
  await rm(folder, { recursive: true });
});

test('the features, limits and options of the page are those of the code', () => {
  expect(tableOf(section, 'Feature | What it is')).toEqual(VISIT_FEATURES.map(({ name, says }) => [name, says]));
  expect(section).toContain(`fewer than ${LEAST_CONVERTED_PERSONS} persons`);
  expect(section).toContain(`fewer than ${LEAST_CONVERTED_PERSONS} paths`);
  expect(section).toContain(`One person in ${HELD_OUT_ONE_IN},`);
  expect(section).toContain(`a ridge of ${RIDGE} `);
});

test('the config with boosted trees is one on BigQuery only, and the options of the page are those of the code', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-trees-'));
  const project = `project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, site: { domains: ['www.fernhill.example'] }`;
  const conversions = `conversions: [{ name: 'lead', label: 'Lead', kind: 'event', event: 'lead' }]`;
  const block = blockOf(await codeBlocks('models.md'), 'ts boosted-trees');
  const load = async (name: string, text: string) => {
    await writeFile(join(folder, name), `export default { ${project}, ${conversions}, ${text} };`);
    return (await loadConfig(join(folder, name))).config;
  };
  expect(modelsOf(await load('bigquery.config.mjs', block))).toMatchObject([
    { name: 'visit_scoring' },
    { name: 'visit_trees', type: 'visit_scoring', learner: 'boosted_trees', trainingDays: 180 },
  ]);
  const onDuckDb = block.slice(block.indexOf('attribution:'));
  await expect(load('duckdb.config.mjs', onDuckDb)).rejects.toThrow(/attribution\.models\[1\]\.learner: "boosted_trees"/);
  await rm(folder, { recursive: true });
  const { trees, maximumDepth, learningRate, leastLeafWeight, ridge } = TREE_OPTIONS;
  expect(tableOf(section, 'Option of the trees').map(([, value]) => Number(value))).toEqual([
    trees,
    maximumDepth,
    learningRate,
    leastLeafWeight,
    ridge,
  ]);
});
