import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { effectsView } from '../../pipeline/cli/render/models.ts';
import { PLAIN } from '../../pipeline/cli/render/text.ts';
import { type LoadedConfig, loadConfig } from '../../pipeline/config/load.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { LEAST_CONVERSIONS } from '../../pipeline/models/attribution/fitted/effects.ts';
import { MOST_ELIMINATED } from '../../pipeline/models/attribution/fitted/markov.ts';
import { models } from '../../pipeline/models/attribution/fitted/models-step.ts';
import { EXACT_CHANNELS, SAMPLED_PAIRS, shapleyValues } from '../../pipeline/models/attribution/fitted/shapley-rate.ts';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { channelEffects } from '../../pipeline/query/models/effects.ts';
import { VersionsQuery } from '../../pipeline/query/models/schema.ts';
import { type EventInput, type World, openWorld, page } from '../../pipeline/testing/world.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'models.md'), 'utf8');
const blocks = await codeBlocks('models.md');

/** An address by which one comes from each channel. */
const ADDRESSES: Readonly<Record<string, readonly [query: string, referrer: string | null]>> = {
  'Paid Social': ['?utm_source=linkedin&utm_medium=paid&utm_campaign=spring', null],
  'Organic Search': ['', 'https://www.google.com/'],
  Email: ['?utm_source=newsletter&utm_medium=email&utm_campaign=march', null],
};

let folder: string;
let loaded: LoadedConfig;
let world: World;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-models-'));
  const file = join(folder, 'touchtrail.config.mjs');
  const project = `project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, site: { domains: ['www.fernhill.example'] }`;
  const lead = `conversions: [{ name: 'lead', label: 'Lead', kind: 'event', event: 'lead' }]`;
  await writeFile(file, `export default { ${project}, ${lead}, ${blockOf(blocks, 'ts fitted')} };`);
  loaded = await loadConfig(file);
  world = await openWorld(loaded.config);
  await world.events(
    ...tableOf(text, 'People | Came by').flatMap(([people, path, lead]) => visits(Number(people), path!.split(', '), lead === 'yes')),
  );
  for (const step of [events, sessions, identity, conversions, models, attribution])
    await step({ warehouse: world.warehouse, config: loaded.config, configFolder: folder, now: '2026-04-08T03:00:00.000Z' });
});
afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true });
});

/** People who each came by these channels, a day apart. */
function visits(people: number, channels: readonly string[], converts: boolean): EventInput[] {
  return Array.from({ length: people }, (_, i) => `${channels.join(' ')} ${i}`).flatMap((who) => [
    ...channels.map((channel, day) => {
      const [query, referrer] = ADDRESSES[channel]!;
      return { who, at: `2026-03-0${day + 2} 10:00`, ...page(`https://www.fernhill.example/${query}`, referrer) };
    }),
    ...(converts ? [{ who, at: `2026-03-0${channels.length + 1} 10:05`, type: 'track' as const, event: 'lead' }] : []),
  ]);
}

test('the config of the page is read, with its defaults', () => {
  expect(loaded.config.attribution.models).toMatchObject([
    'last_significant_click',
    'markov',
    { name: 'markov_of_three', order: 3, trainingDays: 180 },
    'shapley_rate',
  ]);
});

test('the effects are those of the page', async () => {
  const all = await channelEffects(world.warehouse, VersionsQuery.parse({}));
  const view = effectsView(all.filter(({ model }) => model !== 'markov_of_three'));
  expect(view.text({ width: 200, emphasis: PLAIN })).toContain(blockOf(blocks, 'text effects'));
});

test('the leads are credited as the page says', async () => {
  const names = ['last_significant_click', 'markov', 'shapley_rate'];
  const expected = tableOf(text, 'Channel | `last_significant_click`').flatMap(([channel, ...counts]) =>
    counts.map((count, i) => [channel, names[i], Number(count)]),
  );
  expect(expected).toHaveLength(9);
  for (const [channel, model, leads] of expected) {
    const [row] = await world.rows(`
      select coalesce(sum(attribution.credit), 0) / 1e9 as leads
      from attribution inner join sessions using (session_id)
      where sessions.channel = '${channel}' and attribution.model = '${model}'`);
    expect(row!['leads'], `${channel}, ${model}`).toBeCloseTo(Number(leads), 6);
  }
});

test('the limits that the page names are those of the code', () => {
  expect(text).toContain(`fewer than ${LEAST_CONVERSIONS} conversions`);
  expect(text).toContain(`more than ${MOST_ELIMINATED.toLocaleString('en')} states`);
  expect(text).toContain(`exact up to ${EXACT_CHANNELS} channels`);
  expect(text).toContain(`${(2 * SAMPLED_PAIRS).toLocaleString('en')} orders`);
});

test('where people come back directly, the rate-based game gives Direct all of it, as the example says', () => {
  const channels = ['Direct', 'Display'];
  const sets = tableOf(text, 'Paths over | Paths').map(([over, paths, conversions]) => ({
    channels: channels.flatMap((name, i) => (over!.includes(name) ? [i + 1] : [])),
    paths: Number(paths),
    conversions: Number(conversions),
  }));
  expect(sets.map((set) => set.channels)).toEqual([[1], [2], [1, 2]]);
  const [direct, display] = [0.675, -0.275];
  expect(text).toContain(`= ${direct}, and Display`);
  expect(text).toContain(`= ${String(display).replace('-', '−')}: it began`);
  const values = shapleyValues(sets);
  expect(values.map(({ channel }) => channel)).toEqual([1, 2]);
  expect(values[0]!.value).toBeCloseTo(direct, 12);
  expect(values[1]!.value).toBeCloseTo(display, 12);
});
