import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../pipeline/config/load.ts';
import { PAGES } from '../../pipeline/dashboard/pages/index.ts';
import { openDashboard, type TestDashboard } from '../../pipeline/dashboard/testing/dashboard.ts';
import { PEOPLE_TABLES } from '../../pipeline/dashboard/testing/people.ts';
import { PRESETS } from '../../pipeline/query/period.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const page = await readFile(path.join(import.meta.dirname, '..', '..', 'docs', 'dashboard.md'), 'utf8');
const blocks = await codeBlocks('dashboard.md');

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(PEOPLE_TABLES);
});
afterAll(() => dashboard.close());

test.each([
  ['sh csv', 'csv answer'],
  ['sh behind', 'csv behind answer'],
])('the CSV of the example %s is what the page shows', async (question, answer) => {
  const [, address] = /http:\/\/127\.0\.0\.1:8788([^']+)'/.exec(blockOf(blocks, question))!;
  expect((await dashboard.get(address!)).replaceAll('\r\n', '\n')).toBe(blockOf(blocks, answer));
});

test('the page names every page and every named period', () => {
  expect(tableOf(page, 'Page').map(([name]) => name)).toEqual(PAGES.map(({ label }) => label));
  const [, meaning] = tableOf(page, 'Parameter').find(([name]) => name === 'period')!;
  expect(meaning!.slice(meaning!.indexOf(':') + 2).split(', ')).toEqual(Object.keys(PRESETS));
});

test.each(tableOf(page, 'Parameter').flatMap(([name, , example]) => (name === 'as_of' || name === 'page' ? [] : [example!])))(
  'the example %s is understood',
  async (example) => {
    await dashboard.get(`/channels?${example}`);
  },
);

test('the config of the example is one', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-docs-dashboard-'));
  try {
    const file = path.join(folder, 'touchtrail.config.ts');
    await writeFile(file, blockOf(blocks, 'ts touchtrail.config.ts'));
    expect((await loadConfig(file)).config.dashboard).toEqual({
      host: '127.0.0.1',
      port: 8788,
      publicUrl: 'https://reports.fernhill.example',
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
