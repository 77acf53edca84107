import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Config } from '../../config/schema.ts';
import { serveControl } from '../../embedded/control.ts';
import { createKey, listKeys } from '../../embedded/keys.ts';
import { registerImport } from './import.ts';
import { openTarget, type TargetOptions } from './import-target.ts';
import { run } from './testing/run-command.ts';

let folder: string;
let data: string;
let config: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-import-command-'));
  data = path.join(folder, 'data');
  config = path.join(folder, 'touchtrail.config.ts');
  await writeFile(config, "export default { project: { name: 'Shop', timeZone: 'Europe/Berlin', currency: 'EUR' } };\n");
});
afterEach(async () => {
  process.exitCode = undefined;
  await rm(folder, { recursive: true });
});

const file = async (name: string, text: string): Promise<string> => {
  await writeFile(path.join(folder, name), text);
  return path.join(folder, name);
};
const importing = async (...args: string[]) => await run(registerImport, data, ['import', ...args, '--config', config]);
const CSV =
  'anonymous_id,timestamp,url,color\nv1,2026-01-05T08:00:00Z,https://a.example/,red\nv2,soon,/,blue\nv3,2026-01-05T23:30:00Z,/b,\n';

describe('what does not fit is said before anything is done', () => {
  test.each([
    [[], 'expected files or folders to import'],
    [['x.csv'], '--format is missing; expected one of csv, ndjson, segment, ga4'],
    [['x.csv', '--format', 'csv'], 'x.csv: there is no such file or folder'],
    [['x.csv', '--format', 'segment', '--mapping', 'm.json'], '--mapping is for csv and ndjson; segment needs none'],
    [['x.csv', '--format', 'csv', '--bigquery', 'p.d'], 'either files or --bigquery'],
    [['--format', 'csv', '--bigquery', 'p.d'], 'expected --format ga4, not csv'],
    [['--bigquery', 'nothing'], '--bigquery nothing: expected project.dataset'],
    [['x.csv', '--format', 'csv', '--from', '1.1.2026'], '--from 1.1.2026: expected a date as YYYY-MM-DD'],
    [['x.csv', '--format', 'csv', '--from', '2026-02-01', '--to', '2026-01-01'], 'lies after --to'],
    [['x.csv', '--format', 'csv', '--dry-run', '--resume'], '--resume and --dry-run'],
  ])('%j: %s', async (args, message) => {
    await expect(importing(...args)).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual(['touchtrail.config.ts']);
  });

  test('a column that is not there, with the one that was meant', async () => {
    const visits = await file('visits.csv', CSV);
    const mapping = await file('map.json', JSON.stringify({ fields: { anonymousId: 'anonymous_id', timestamp: 'timestmp', url: 'url' } }));
    await expect(importing(visits, '--format', 'csv', '--mapping', mapping)).rejects.toThrow(
      'has no column "timestmp"; did you mean "timestamp"?',
    );
  });

  test('an import that was never begun is not resumed', async () => {
    const visits = await file('visits.csv', CSV);
    await writeFile(
      config,
      "export default { project: { name: 'S', timeZone: 'UTC', currency: 'EUR' }, edge: { url: 'http://127.0.0.1:1' } };\n",
    );
    process.env['TOUCHTRAIL_SERVER_KEY'] = 'sk_of-the-deployed-edge';
    try {
      await expect(importing(visits, '--format', 'csv', '--edge', '--resume')).rejects.toThrow('begin without --resume');
    } finally {
      delete process.env['TOUCHTRAIL_SERVER_KEY'];
    }
  });
});

describe('a dry run', () => {
  test('needs no config, sends nothing, and makes no data folder', async () => {
    const visits = await file('visits.csv', CSV);
    await rm(config);
    const { stdout } = await run(registerImport, data, ['import', visits, '--format', 'csv', '--dry-run', '--quiet']);
    expect(stdout).toContain(
      'would import 2 events of 3 records; nothing was sent\n  2  page\n  1  rejected\nfrom 2026-01-05T08:00:00Z to 2026-01-05T23:30:00Z\n',
    );
    expect(stdout).toContain('columns that the mapping does not read: color\n');
    expect(stdout).toContain(`${visits}:3: timestamp: "soon": expected a time`);
    expect(await readdir(folder)).toEqual(['visits.csv']);
  });

  test('days are those of the project', async () => {
    const visits = await file('visits.csv', CSV);
    const { stdout } = await importing(
      visits,
      '--format',
      'csv',
      '--dry-run',
      '--quiet',
      '--json',
      '--from',
      '2026-01-06',
      '--to',
      '2026-01-06',
    );
    // Half past midnight in Berlin.
    expect(JSON.parse(stdout)).toMatchObject({
      dry_run: true,
      stored: 1,
      left_out: { 'outside of --from and --to': 1 },
      first: '2026-01-05T23:30:00Z',
      events: [{ anonymousId: 'v3', context: { page: { url: '/b' } } }],
      unmapped: ['color'],
      problems: [{ file: visits, line: 3, path: 'timestamp' }],
    });
    expect(process.exitCode).toBeUndefined();
  });

  test('of nothing that can be imported ends with 1', async () => {
    await importing(await file('a.ndjson', 'no json\n'), '--format', 'segment', '--dry-run', '--quiet');
    expect(process.exitCode).toBe(1);
  });
});

describe('the edge of an import', () => {
  const project = { name: 'Shop', timeZone: 'UTC', currency: 'EUR' };
  const bigQuery = { type: 'bigquery', project: 'p', dataset: 'd' };
  const target = async (input: object, more: Partial<TargetOptions> = {}) =>
    await openTarget({
      config: Config.parse({ project, ...input }),
      dataFolder: data,
      edge: undefined,
      storesAs: undefined,
      environment: {},
      log: () => {},
      ...more,
    });
  const environment = { TOUCHTRAIL_SERVER_KEY: ' sk_secret ' };

  test('is the deployed one where the warehouse is BigQuery, or where that is asked for', async () => {
    const edge = { url: 'https://www.example.com/t/' };
    const expected = { url: 'https://www.example.com/t', key: 'sk_secret', compress: true };
    expect(await target({ warehouse: bigQuery, edge }, { environment })).toMatchObject(expected);
    expect(await target({ edge }, { environment, edge: true })).toMatchObject(expected);
    await expect(target({ warehouse: bigQuery }, { environment })).rejects.toThrow('set edge.url');
    await expect(target({ warehouse: bigQuery, edge })).rejects.toThrow('TOUCHTRAIL_SERVER_KEY is not set');
    await expect(target({ warehouse: bigQuery, edge }, { environment, storesAs: 'website' })).rejects.toThrow('--source website');
    await expect(target({ warehouse: bigQuery, edge }, { edge: false })).rejects.toThrow('--no-edge');
  });

  test('is the up that serves the data folder, which learns of the new key', async () => {
    const { record } = await createKey(data, { kind: 'browser', name: 'website' });
    const asked: string[] = [];
    const control = await serveControl(data, {
      status: async () => (asked.push('status'), { pid: 1, url: 'http://127.0.0.1:8787' }),
      'reload-keys': async () => void asked.push('reload-keys'),
    });
    try {
      const first = await target({});
      expect(first).toMatchObject({ url: 'http://127.0.0.1:8787', compress: false, trackingSince: Date.parse(record.created_at) });
      expect((await target({})).key).toBe(first.key);
    } finally {
      await control.close();
    }
    expect(asked).toEqual(['status', 'reload-keys', 'status']);
    expect((await listKeys(data)).map(({ name }) => name)).toEqual(['website', 'import']);
  });
});
