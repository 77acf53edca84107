import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_CHANNELS } from '../../pipeline/config/channel-names.ts';
import { CHANNEL_FIELDS, SITE_KINDS } from '../../pipeline/config/channels.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import type { Config } from '../../pipeline/config/schema.ts';
import { unreachableRules } from '../../pipeline/config/unreachable-rules.ts';
import { sourced } from '../../pipeline/models/sessions/testing/landings.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import type { Warehouse } from '../../pipeline/warehouse/warehouse.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'channels.md'), 'utf8');

let folder: string;
let config: Config;
let warehouse: Warehouse;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-channels-'));
  const file = join(folder, 'touchtrail.config.ts');
  await writeFile(file, blockOf(await codeBlocks('channels.md'), 'ts touchtrail.config.ts'));
  config = (await loadConfig(file)).config;
  warehouse = await openDuckDb(':memory:');
});
afterAll(async () => {
  await warehouse?.close();
  await rm(folder, { recursive: true, force: true });
});

async function expectTable(heading: string, channels: Config['channels'] | undefined): Promise<void> {
  const rows = tableOf(page, heading);
  expect(rows.length).toBeGreaterThan(5);
  const landings = rows.map(([landing, referrer]) => ({ landing: landing!, referrer: referrer! || null }));
  const found = await sourced(warehouse, landings, channels && { channels });
  expect(rows.map(([landing], i) => [landing, found[i]!.sourceMedium, found[i]!.channel])).toEqual(
    rows.map(([landing, , sourceMedium, channel]) => [landing, sourceMedium, channel]),
  );
}

test('the examples are what the built-in rules say', async () => {
  await expectTable('Landing page', undefined);
});

test('the examples of own rules are what the config of the page says, and none of its rules is unreachable', async () => {
  expect(unreachableRules(config.channels)).toEqual([]);
  await expectTable('With this config: landing page', config.channels);
});

test('the channels stand in the order of their rules', () => {
  expect(tableOf(page, 'Channel').map(([channel]) => channel)).toEqual(DEFAULT_CHANNELS);
});

test('every member of a condition and every kind of site is named', () => {
  expect(tableOf(page, 'Member').flatMap(([names]) => names!.split(', '))).toEqual(CHANNEL_FIELDS);
  const sites = page.split('\n\n').find((paragraph) => paragraph.startsWith('**Sites.**'))!;
  expect(SITE_KINDS.filter((kind) => !sites.includes(`\`${kind}\``))).toEqual([]);
});
