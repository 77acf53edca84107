import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publish } from '../../query/testing/publish.ts';
import { CONFIG, VERSION_TABLES } from '../../query/models/testing/versions.ts';
import { registerModels } from './models.ts';
import { bothFiles } from './testing/parquet.ts';
import { run } from './testing/run-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-models-command-'));
  await publish(folder, VERSION_TABLES, { config: CONFIG });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const models = async (...args: string[]) => (await run(registerModels, folder, ['models', ...args])).stdout;
const lines = (text: string) => text.split('\n').map((line) => line.trimEnd());

test('the models are listed with windows and latest versions, and what is provisional below them', async () => {
  const text = await models();
  expect(await models('list')).toBe(text);
  const [header, , ...rows] = lines(text);
  expect(header).toBe('Model       Name           Type            Days  Conversion  Latest version            Conversions   Paths');
  expect(rows).toEqual([
    'last_click  Last click     last_click     30–90',
    'markov      Markov         markov            30  closed_won  2026-03, too little data           12      80',
    'markov      Markov         markov            90  lead        2026-03                         1,200  34,000',
    'game        Shapley, rate  shapley_rate      90  lead        2026-03                         1,200  34,000',
    'visits      Visit scoring  visit_scoring     90  lead        2026-03                         1,200  34,000',
    '',
    'markov, 2026-04 (closed_won): provisional; the version of 2026-03 had too little data, and the last significant click is credited',
    'markov, 2026-04 (lead): provisional, credited by the version of 2026-03',
    'markov, 2026-05 (lead): provisional, credited by the version of 2026-03',
    'visits, 2026-04 (lead): provisional, credited by the version of 2026-03',
    '',
  ]);
});

test('all versions are in the CSV and in the JSON', async () => {
  const csv = await models('--csv');
  expect(csv.split('\r\n')[1]).toBe('last_click,Last click,last_click,lead,90,,,,,,');
  expect(csv).toContain('markov,Markov,markov,lead,90,2026-02,fitted,1200,34000,2026-04-08T03:00:00.000000Z,\r\n');
  const { models: listed } = JSON.parse(await models('list', '--json')) as { models: { name: string; versions: unknown[] }[] };
  expect(listed.map(({ name, versions }) => [name, versions.length])).toEqual([
    ['last_click', 0],
    ['markov', 3],
    ['game', 1],
    ['visits', 1],
  ]);
});

test('effects are a table of channels', async () => {
  expect(lines(await models('effects', 'markov')).slice(0, 4)).toEqual([
    'Model   Conversion  Month    Channel        Effect  Share',
    '──────  ──────────  ───────  ───────────  ────────  ─────',
    'markov  lead        2026-03  Paid Search  1.000000  80.0%',
    'markov  lead        2026-03  Direct       0.250000  20.0%',
  ]);
  expect(await models('effects', '--month', '2026-02', '--csv')).toBe(
    'model,conversion,month,channel,effect,share,error\r\nmarkov,lead,2026-02,Email,0.25,1,\r\n',
  );
  expect(await models('effects', 'game')).toContain('-0.001500   0.0%  0.000125');
});

test('quality shows AUC, calibration and weights', async () => {
  const text = await models('quality', 'visits');
  expect(text).toContain('visits  lead        2026-03  0.713    0.1810  0.1985            2,000');
  expect(text).toContain('visits, lead, 2026-03: calibration');
  expect(text).toContain(' 1,000       8.0%       7.9%');
  expect(text).toContain('channel: Email             0.750     400         31');
});

test.each([
  [['list'], 'model,label,type,conversion,lookback_days,month,status,conversions,paths,fitted_at,notice'],
  [['effects', '--month', 'all'], 'model,conversion,month,channel,effect,share,error'],
  [
    ['quality'],
    'model,conversion,month,status,conversions,paths,auc,log_loss,base_log_loss,held_out_visits,held_out_converted,greatest_error,notice',
  ],
  [['quality', '--part', 'calibration'], 'model,conversion,month,tenth,visits,predicted,converted'],
  [['quality', '--part', 'weights'], 'model,conversion,month,feature,value,says,coefficient,visits,converted'],
])('models %j as a Parquet file holds what the CSV does', async (args, header) => {
  const { csv, parquet } = await bothFiles(registerModels, folder, ['models', ...args]);
  expect(csv.split('\r\n')[0]).toBe(header);
  expect(csv.split('\r\n').length).toBeGreaterThan(2);
  expect(parquet).toBe(csv);
});

test('calibration and weights have a file of their own', async () => {
  expect(await models('quality', 'visits', '--part', 'calibration', '--csv')).toContain('visits,lead,2026-03,2,1000,0.08,0.079\r\n');
  expect(await models('quality', 'visits', '--part', 'weights', '--csv')).toContain(',channel: Email,0.75,400,31\r\n');
  await expect(models('quality', '--part', 'auc')).rejects.toThrow('Allowed choices are versions, calibration, weights, importance');
});

test('what is not there is told, with what is known', async () => {
  const { stdout, stderr } = await run(registerModels, folder, ['models', 'effects', '--month', '2025-01']);
  expect(stdout).toBe('');
  expect(stderr).toBe('no version of this is published: learned models are fitted 7 days after the end of a month\n');
  await expect(models('quality', 'markow')).rejects.toThrow('did you mean "markov"?');
});
