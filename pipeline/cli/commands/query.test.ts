import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publish } from '../../query/testing/publish.ts';
import { REPORT_TABLES } from '../../query/testing/world.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { registerQuery } from './query.ts';
import { run } from './testing/run-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-query-'));
  await publish(folder, REPORT_TABLES);
  const warehouse = await openDuckDb(path.join(folder, 'warehouse.duckdb'));
  await warehouse.session.run("create table events as select i as n, 'e' || i as event from range(250) t(i)", 'test');
  await warehouse.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const query = (...args: string[]) => run(registerQuery, folder, ['query', ...args]);

describe('touchtrail query', () => {
  test('prints a table', async () => {
    const { stdout, stderr } = await query('select event, n from events where n < 11 order by n desc limit 2;');
    expect(stdout.split('\n')).toEqual(['event   n', '─────  ──', 'e10    10', 'e9      9', '']);
    expect(stderr).toBe('');
  });

  test('prints the first hundred rows of many, and says so', async () => {
    const { stdout, stderr } = await query('select n from events order by n');
    expect(stdout.split('\n')).toHaveLength(2 + 100 + 1);
    expect(stderr).toBe('the first 100 rows; more with --limit, all with --csv or --json\n');
  });

  test('writes all rows as CSV and as JSON, NULL and equal names included', async () => {
    const csv = await query('select n from events order by n', '--csv');
    expect(csv.stdout.split('\r\n')).toHaveLength(1 + 250 + 1);
    expect(csv.stderr).toBe('');
    const { stdout } = await query('--json', "select 1 as a, null as b, date '2026-01-02' as a");
    expect(JSON.parse(stdout)).toEqual([{ a: 1, b: null, a_2: '2026-01-02' }]);
  });

  test('writes integers of any size exactly, beyond 2^53 as text', async () => {
    const wide = 'select 9007199254740993 as micros, [9007199254740993, 1] as list, 5 as small';
    expect((await query('--json', wide)).stdout).toContain('"micros": "9007199254740993"');
    expect(JSON.parse((await query('--json', wide)).stdout)).toEqual([
      { micros: '9007199254740993', list: ['9007199254740993', 1], small: 5 },
    ]);
    expect((await query(wide, '--csv')).stdout).toContain('9007199254740993,');
    expect((await query(wide)).stdout).toContain('9007199254740993');
  });

  test('knows describe and show', async () => {
    expect((await query('show tables')).stdout).toContain('events');
    expect((await query('describe events', '--csv')).stdout).toContain('event,VARCHAR');
  });

  test('shows the line the engine complains of', async () => {
    await expect(query('select n\nfrom events\nwhere wrong = 1')).rejects.toThrow(/wrong[\s\S]*> 3 \| where wrong = 1/);
  });

  test.each([
    ['insert into events values (1)', 'begins with "insert"'],
    ['select 1; delete from events', 'one statement at a time'],
    ['with x as (select 1) insert into events select 1, 2 from x', 'only a query'],
    ["copy events to '/tmp/x'", 'begins with "copy"'],
  ])('refuses %s', async (text, message) => {
    await expect(query(text)).rejects.toThrow(message);
  });

  test('reads no file', async () => {
    const secret = path.join(folder, 'secrets.csv');
    await writeFile(secret, 'a\nkey\n');
    await expect(query(`select * from read_csv('${secret}')`)).rejects.toThrow('disabled by configuration');
    await expect(query(`select * from '${secret}'`)).rejects.toThrow();
  });

  test('says what to do before the first run', async () => {
    const empty = await mkdtemp(path.join(tmpdir(), 'touchtrail-query-'));
    await expect(run(registerQuery, empty, ['query', 'select 1'])).rejects.toThrow('run `touchtrail run`');
    await rm(empty, { recursive: true });
  });

  test('turns to the publication while another process writes, and says so', async () => {
    const writer = `
      import { DuckDBInstance } from '@duckdb/node-api';
      const instance = await DuckDBInstance.create(process.argv[1]);
      process.stdout.write('open');
      await new Promise(() => setInterval(() => {}, 1000));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer, path.join(folder, 'warehouse.duckdb')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      const { stdout, stderr } = await query('select count(*) as n from report_sessions', '--csv');
      expect(stdout).toBe('n\r\n5\r\n');
      expect(stderr).toBe(
        'a run is writing to the warehouse: this is the publication of 2026-04-01T03:00:00.000000Z, without raw events\n',
      );
      await expect(query('select count(*) from events_raw')).rejects.toThrow(
        'the table events_raw is not available while a run writes: try again when it has ended',
      );
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});
