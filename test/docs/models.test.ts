import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { lookbackDaysOf, modelsOf } from '../../pipeline/config/attribution.ts';
import { type LoadedConfig, loadConfig } from '../../pipeline/config/load.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { TOUCHES } from '../../pipeline/models/attribution/custom.ts';
import { CONVERSIONS } from '../../pipeline/models/conversions/tables.ts';
import { IDENTITIES } from '../../pipeline/models/identity/tables.ts';
import { SESSIONS } from '../../pipeline/models/sessions/tables.ts';
import { instant, openWorld } from '../../pipeline/testing/world.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'models.md'), 'utf8');
const blocks = await codeBlocks('models.md');

let folder: string | undefined;
afterEach(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
  folder = undefined;
});

/** A project whose config holds a part of the page, with the files that it names. */
async function project(part: string): Promise<LoadedConfig> {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-models-'));
  await mkdir(join(folder, 'models'));
  await writeFile(join(folder, 'models', 'engagement.sql'), blockOf(blocks, 'sql models/engagement.sql'));
  for (const name of ['lead.sql', 'deal.sql']) await writeFile(join(folder, name), 'select 1');
  const config = join(folder, 'touchtrail.config.mjs');
  await writeFile(config, `export default { project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, ${part} };`);
  return loadConfig(config);
}

test('the example: what each touch is worth in each model', async () => {
  const { config } = await project(blockOf(blocks, 'ts models'));
  const world = await openWorld(config);
  try {
    const at = '2026-03-29 10:00';
    await world.load(IDENTITIES, [{ anonymous_id: 'mia', person_id: 'mia', person_key: 1, first_seen: instant('2026-03-01 10:00') }]);
    await world.load(
      SESSIONS,
      tableOf(text, 'Session | Start | Channel | Active seconds').map(([session_id, start, channel, engaged]) => ({
        session_id: session_id!,
        anonymous_id: 'mia',
        started_at: instant(start!),
        ended_at: instant(start!),
        start_date: start!.slice(0, 10),
        events: 1,
        page_views: 1,
        engaged_seconds: Number(engaged),
        source: 'x',
        medium: 'x',
        channel: channel!,
        is_direct: channel === 'Direct',
      })),
    );
    await world.load(CONVERSIONS, [
      {
        conversion_name: 'deal',
        id: 'D1',
        conversion_time: instant(at),
        attribution_time: instant(at),
        conversion_date: at.slice(0, 10),
        value_micros: 1_000_000_000,
        person_id: 'mia',
      },
    ]);
    await attribution({ warehouse: world.warehouse, config, configFolder: folder!, now: '2026-04-01T03:00:00.000Z' });
    const credits = await world.rows('select model, session_id, value_micros from attribution');
    const worth = (model: string, session: string): string => {
      const credit = credits.find((row) => row['model'] === model && row['session_id'] === session);
      return credit ? ((credit['value_micros'] as number) / 1e6).toFixed(2) : '';
    };
    const rows = tableOf(text, 'Model | a | b | c | d');
    expect(rows.map(([model]) => model)).toEqual(modelsOf(config).map(({ name }) => name));
    expect(rows.map(([model]) => [model, ...['a', 'b', 'c', 'd'].map((session) => worth(model!, session))])).toEqual(rows);
  } finally {
    await world.close();
  }
});

test('how far back each model looks for each conversion', async () => {
  const { config } = await project(blockOf(blocks, 'ts windows'));
  const days = modelsOf(config).map((model) => [
    model.name,
    ...['lead', 'deal'].map((name) => String(lookbackDaysOf(config, model, name))),
  ]);
  expect(days).toEqual(tableOf(text, 'Model | lead | deal'));
});

test('the page lists the columns of touches as they are', () => {
  const listed = tableOf(text, 'Column of `touches` | Type').map(([name, type]) => ({ name, type }));
  expect(listed).toEqual(TOUCHES.map(({ name, type }) => ({ name, type })));
});
