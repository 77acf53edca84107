import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { configTemplate, leadTemplate, nextSteps } from './project.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'touchtrail-init-'));
  mkdirSync(path.join(folder, 'conversions'));
  writeFileSync(path.join(folder, 'conversions', 'lead.sql'), leadTemplate());
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(['Fernhill', "O'Neill & Sons", 'back\\slash ${nothing} `x`'])(
  'the config that init writes for "%s" is valid as it is',
  async (name) => {
    const file = path.join(folder, 'touchtrail.config.ts');
    writeFileSync(file, configTemplate({ name, timeZone: 'Asia/Tokyo', currency: 'JPY' }));
    const { config } = await loadConfig(file);
    expect(config.project).toEqual({ name, timeZone: 'Asia/Tokyo', currency: 'JPY' });
    expect(config.conversions).toMatchObject([{ name: 'lead', label: 'Lead', sql: 'conversions/lead.sql', value: 'none' }]);
  },
);

test('what stands in comments of the config is valid too, once its files exist', async () => {
  const text = configTemplate({ name: 'Fernhill', timeZone: 'UTC', currency: 'EUR' });
  const uncommented = text.replaceAll(/^ {2}\/\/ (?=sources|costs|  |\})/gm, '  ');
  expect(uncommented).toContain('\n  sources: {');
  expect(uncommented).toContain('\n  costs: [');
  for (const file of ['crm/deals.csv', 'costs/google_ads.csv']) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), '');
  }
  const file = path.join(folder, 'touchtrail.config.ts');
  writeFileSync(file, uncommented);
  expect(Object.keys((await loadConfig(file)).config.sources)).toEqual(['crm_deals']);
});

test('the next steps run as they are written, with a page event to try without a website', () => {
  const steps = nextSteps(['touchtrail.config.ts'], 'wk-demo');
  expect(steps.match(/^ +(npx )?touchtrail \w+$/gm)?.map((line) => line.trim())).toEqual([
    'npx touchtrail up',
    'npx touchtrail run',
    'npx touchtrail report',
  ]);
  const [, body] = /^ +curl http:\/\/127\.0\.0\.1:8787\/v1\/page -A "Mozilla.*" -d '(.*)'$/m.exec(steps)!;
  expect(JSON.parse(body!)).toMatchObject({ writeKey: 'wk-demo', anonymousId: 'first-visitor' });
});

test('a lead of a bot is none', () => expect(leadTemplate()).toContain('\n  and not is_bot\n'));
