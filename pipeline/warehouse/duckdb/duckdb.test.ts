import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Column } from '../../../edge/contract/columns.ts';
import { UserError } from '../../config/user-error.ts';
import { arrayParam, param, raw, sql, table } from '../sql.ts';
import type { Row, TableDefinition } from '../warehouse.ts';
import { WarehouseError } from '../warehouse-error.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';

const column = (name: string, type: Column['type'], mode: Column['mode'] = 'nullable', fields?: readonly Column[]): Column => ({
  name,
  type,
  mode,
  description: `The ${name}.`,
  ...(fields && { fields }),
});

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [
    column('site', 'STRING', 'required'),
    column('number', 'INT64', 'required'),
    column('at', 'TIMESTAMP'),
    column('day', 'DATE'),
    column('share', 'FLOAT64'),
    column('is_paid', 'BOOL'),
    column('context', 'JSON'),
    column('keys', 'STRUCT', 'repeated', [column('key', 'STRING', 'required'), column('value', 'INT64')]),
  ],
  key: ['site', 'number'],
  partitionBy: 'at',
};

const FULL = {
  site: 'a',
  number: 1,
  at: '2026-03-29T01:30:00.123456Z',
  day: '2024-02-29',
  share: 0.1,
  is_paid: false,
  context: '{"a":[1,2]}',
  keys: [
    { key: 'x', value: 9007199254740991 },
    { key: 'y', value: null },
  ],
};
const EMPTY = { site: 'b', number: -1, at: null, day: null, share: null, is_paid: null, context: null, keys: [] };

let warehouse: DuckDbWarehouse;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-duckdb-'));
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([VISITS]);
});
afterEach(async () => {
  await warehouse.close();
  await rm(folder, { recursive: true });
});

const visits = () => warehouse.rows(sql`select * from ${table('visits')} order by site nulls first, number nulls first`);

const rows = (...given: readonly Row[]) => {
  const columns = { site: 'STRING', number: 'INT64', share: 'FLOAT64', context: 'JSON' } as const;
  return sql`select * from ${warehouse.dialect.values(
    'given',
    columns,
    given.map((row) => Object.keys(columns).map((name) => (row[name] ?? null) as string | number | null)),
  )}`;
};

const day = (text: string, count: number) =>
  sql`select 'a' as site, range as number, timestamp ${raw(`'${text}'`)} as at from range(${count})`;

async function* manyRows(): AsyncGenerator<Row> {
  for (let number = 0; number < 5000; number++) yield { site: 'a', number };
}

describe('load and rows', () => {
  test('values of every type come back as they were loaded, times with six digits', async () => {
    expect(await warehouse.load(VISITS, [FULL, EMPTY])).toEqual({ inserted: 2, updated: 0, deleted: 0 });
    expect(await visits()).toEqual([FULL, EMPTY]);
  });

  test('more rows than one chunk are all loaded, from an asynchronous source too', async () => {
    expect((await warehouse.load(VISITS, manyRows())).inserted).toBe(5000);
    expect(await warehouse.rows(sql`select count(*) as rows, sum(number) as total from visits`)).toEqual([
      { rows: 5000, total: 12_497_500 },
    ]);
  });

  test('replace leaves only the new rows', async () => {
    await warehouse.load(VISITS, [FULL]);
    expect(await warehouse.load(VISITS, [EMPTY], { replace: true })).toEqual({ inserted: 1, updated: 0, deleted: 1 });
    expect(await visits()).toEqual([EMPTY]);
  });

  const BAD: readonly [title: string, row: Row, message: string][] = [
    ['a text in an integer column', { ...EMPTY, number: '1' }, 'row 2: column "number" is INT64, got "1"'],
    [
      'an integer beyond 64 bits',
      { ...EMPTY, number: '9223372036854775808' },
      'row 2: column "number" is INT64, got "9223372036854775808"',
    ],
    ['a fraction in an integer column', { ...EMPTY, number: 1.5 }, 'row 2: column "number" is INT64, got 1.5'],
    ['a missing required value', { number: 1 }, 'row 2: column "site" is required but has no value'],
    ['a time without a zone', { ...EMPTY, at: '2026-01-01T00:00:00' }, 'row 2: column "at" is TIMESTAMP, got "2026-01-01T00:00:00"'],
    ['broken JSON', { ...EMPTY, context: '{' }, 'row 2: column "context" is JSON, got "{"'],
    [
      'a member that is no column',
      { ...EMPTY, sites: 'x' },
      'row 2 has a member "sites", which is no column of visits; did you mean "site"?',
    ],
  ];
  test.each(BAD)('%s is refused, and no row is loaded', async (_, row, message) => {
    await expect(warehouse.load(VISITS, [FULL, row])).rejects.toThrow(message);
    expect(await visits()).toEqual([]);
  });

  test('an integer that a number cannot hold exactly is a RangeError', async () => {
    await expect(warehouse.rows(sql`select ${param(9007199254740992n, 'INT64')} as large`)).rejects.toThrow(RangeError);
  });

  test('parameters of every type are bound, NULL and empty arrays included', async () => {
    const query = sql`select ${"it's; --"} as text, ${9007199254740991n} - 1 as number, ${0.5} as share, ${true} as flag,
      ${param('2026-01-01T00:00:00.5Z', 'TIMESTAMP')} as at, ${param('2026-01-02', 'DATE')} as day, ${param(null, 'INT64')} as nothing,
      ${arrayParam(['a', "b'"], 'STRING')} as texts, ${arrayParam([], 'DATE')} as days`;
    expect(await warehouse.rows(query)).toEqual([
      {
        text: "it's; --",
        number: 9007199254740990,
        share: 0.5,
        flag: true,
        at: '2026-01-01T00:00:00.500000Z',
        day: '2026-01-02',
        nothing: null,
        texts: ['a', "b'"],
        days: [],
      },
    ]);
  });

  test.each(['delete from visits', 'drop table visits', 'create table other (a int)', `attach ':memory:' as other`])(
    'a statement that writes is refused where a query belongs: %s',
    async (statement) => {
      await warehouse.load(VISITS, [FULL]);
      await expect(warehouse.rows(raw(statement))).rejects.toThrow('only a query (select …) can be read from');
      expect(await visits()).toEqual([FULL]);
    },
  );

  test('several statements are refused', async () => {
    await expect(warehouse.rows(raw('select 1; drop table visits'))).rejects.toThrow('multiple statements');
    expect(await visits()).toEqual([]);
  });
});

describe('batches', () => {
  test('stream columns while other statements run', async () => {
    const numbers: number[] = [];
    for await (const [column] of warehouse.batches(sql`select range as number from range(5000) order by number`)) {
      await warehouse.rows(sql`select 1 as one`);
      numbers.push(...(column as number[]));
    }
    expect(numbers).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  test('inside a transaction they see its rows', async () => {
    await warehouse.transaction(async () => {
      await warehouse.load(VISITS, [FULL]);
      const sites: unknown[] = [];
      for await (const [column] of warehouse.batches(sql`select site from visits`)) sites.push(...column!);
      expect(sites).toEqual(['a']);
    });
  });
});

describe('merge', () => {
  test('inserts, updates and deletes, and counts each', async () => {
    await warehouse.load(VISITS, [
      { site: 'a', number: 1, share: 1 },
      { site: 'a', number: 2, share: 2 },
      { site: 'a', number: 3 },
    ]);
    const source = rows({ site: 'a', number: 1, share: 1 }, { site: 'a', number: 2, share: 2.5 }, { site: 'b', number: 1 });
    expect(await warehouse.merge(VISITS, source, { deleteUnmatched: true })).toEqual({ inserted: 1, updated: 1, deleted: 1 });
    expect(await warehouse.rows(sql`select site, number, share from visits order by site nulls first, number nulls first`)).toEqual([
      { site: 'a', number: 1, share: 1 },
      { site: 'a', number: 2, share: 2.5 },
      { site: 'b', number: 1, share: null },
    ]);
  });

  test('the same rows again change nothing, arrays and JSON included, and no statement touches a row', async () => {
    await warehouse.load(VISITS, [FULL, EMPTY]);
    const before = warehouse.statements.length;
    expect(await warehouse.merge(VISITS, sql`select * from visits`, { deleteUnmatched: true })).toEqual({
      inserted: 0,
      updated: 0,
      deleted: 0,
    });
    expect(
      warehouse.statements
        .slice(before)
        .filter((statement) => statement.label === 'merge into visits')
        .every((statement) => statement.rows === 0),
    ).toBe(true);
  });

  const CHANGES: readonly [string, string][] = [
    ['at', `timestamp '2026-03-29 01:30:00.123457'`],
    ['day', `cast(null as date)`],
    ['share', `cast(0.2 as double)`],
    ['is_paid', `true`],
    ['context', `cast('{"a":[2,1]}' as json)`],
    ['keys', `[{'key': 'x', 'value': 9007199254740991}]`],
  ];
  test.each(CHANGES)('a change of %s alone is one update', async (name, value) => {
    await warehouse.load(VISITS, [FULL, EMPTY]);
    const source = sql`select * replace (case when site = 'a' then ${raw(value)} else ${raw(`"${name}"`)} end as ${raw(`"${name}"`)}) from visits`;
    expect(await warehouse.merge(VISITS, source)).toEqual({ inserted: 0, updated: 1, deleted: 0 });
    expect(await warehouse.merge(VISITS, sql`select * from visits`)).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  });

  test('without deleteUnmatched nothing is deleted; with a condition only what meets it', async () => {
    await warehouse.load(VISITS, [
      { site: 'a', number: 1 },
      { site: 'b', number: 1 },
    ]);
    expect(await warehouse.merge(VISITS, rows())).toEqual({ inserted: 0, updated: 0, deleted: 0 });
    expect(await warehouse.merge(VISITS, rows(), { deleteUnmatched: sql`target.site = ${'b'}` })).toEqual({
      inserted: 0,
      updated: 0,
      deleted: 1,
    });
    expect(await warehouse.rows(sql`select site from visits`)).toEqual([{ site: 'a' }]);
  });

  test('a repeated key is refused and named, and nothing changes', async () => {
    const source = rows({ site: 'a', number: 7 }, { site: 'a', number: 7, share: 1 });
    await expect(warehouse.merge(VISITS, source)).rejects.toThrow('merge into visits: 2 rows have the same key (site = "a", number = "7")');
    expect(await visits()).toEqual([]);
  });

  test('a NULL in a key is refused and named', async () => {
    await expect(warehouse.merge(VISITS, rows({ site: 'a' }))).rejects.toThrow('a row has no complete key: (site = "a", number = NULL)');
  });

  test('a missing array becomes an empty one', async () => {
    await warehouse.merge(VISITS, sql`select 'a' as site, 1 as number`);
    expect(await warehouse.rows(sql`select keys from visits`)).toEqual([{ keys: [] }]);
  });

  test('the source may read the target', async () => {
    await warehouse.load(VISITS, [{ site: 'a', number: 1, share: 1 }]);
    expect(await warehouse.merge(VISITS, sql`select site, number, share + 1 as share from visits`)).toEqual({
      inserted: 0,
      updated: 1,
      deleted: 0,
    });
  });

  const MISFITS: readonly [string, string, string][] = [
    ['an unknown column', `'a' as site, 1 as number, 1 as shares`, 'table visits has no column "shares"; did you mean "share"?'],
    ['a missing required column', `'a' as site`, 'the query returns no column "number", which visits requires'],
    ['a column of another type', `'a' as site, 1 as number, 'x' as share`, 'column "share" of visits is FLOAT64, the query returns STRING'],
    ['a fraction for an integer', `'a' as site, 1.5 as number`, 'column "number" of visits is INT64, the query returns FLOAT64'],
    [
      'a scalar for an array',
      `'a' as site, 1 as number, 'x' as keys`,
      'column "keys" of visits is ARRAY<STRUCT>, the query returns STRING',
    ],
  ];
  test.each(MISFITS)('%s is refused', async (_, columns, message) => {
    await expect(warehouse.merge(VISITS, raw(`select ${columns}`))).rejects.toThrow(message);
    await expect(warehouse.append(VISITS, raw(`select ${columns}`))).rejects.toThrow(message);
  });
});

describe('append and replacePartitions', () => {
  test('append matches columns by name and counts', async () => {
    expect(await warehouse.append(VISITS, sql`select 2 as number, 'a' as site`)).toEqual({ inserted: 1, updated: 0, deleted: 0 });
    expect(await visits()).toEqual([{ ...EMPTY, site: 'a', number: 2 }]);
  });

  test('replaces whole UTC days and leaves the others', async () => {
    await warehouse.append(VISITS, day('2026-01-01 23:59:59.999999', 3));
    await warehouse.append(VISITS, day('2026-01-02 00:00:00', 2));
    const change = await warehouse.replacePartitions(VISITS, ['2026-01-01'], day('2026-01-01 12:00:00', 1));
    expect(change).toEqual({ inserted: 1, updated: 0, deleted: 3 });
    expect(
      await warehouse.rows(sql`select cast(visits.at as date) as day, count(*) as rows from visits group by all order by day`),
    ).toEqual([
      { day: '2026-01-01', rows: 1 },
      { day: '2026-01-02', rows: 2 },
    ]);
  });

  test('a row outside the days is refused, and nothing changes', async () => {
    await warehouse.append(VISITS, day('2026-01-01 00:00:00', 1));
    await expect(warehouse.replacePartitions(VISITS, ['2026-01-01'], day('2026-01-02 00:00:00', 1))).rejects.toThrow(
      'the source has a row of 2026-01-02, which is none of the days to write',
    );
    await expect(warehouse.replacePartitions(VISITS, ['2026-01-01'], sql`select 'a' as site, 1 as number`)).rejects.toThrow(
      'a row of no day',
    );
    expect(await warehouse.rows(sql`select count(*) as rows from visits`)).toEqual([{ rows: 1 }]);
  });
});

describe('transaction', () => {
  test('keeps nothing where the work fails, and the warehouse stays usable', async () => {
    const work = warehouse.transaction(async () => {
      await warehouse.load(VISITS, [FULL]);
      await warehouse.append(VISITS, sql`select 'a' as site, cast(null as bigint) as number`);
    });
    await expect(work).rejects.toThrow('NOT NULL constraint failed: visits.number');
    expect(await visits()).toEqual([]);
    await warehouse.transaction(async () => warehouse.load(VISITS, [FULL]));
    expect(await visits()).toEqual([FULL]);
  });

  test('a transaction inside another is part of it', async () => {
    const work = warehouse.transaction(async () => {
      await warehouse.transaction(async () => warehouse.load(VISITS, [FULL]));
      throw new Error('after all');
    });
    await expect(work).rejects.toThrow('after all');
    expect(await visits()).toEqual([]);
  });
});

describe('migrate', () => {
  test('twice is once', async () => {
    await warehouse.load(VISITS, [FULL]);
    await warehouse.migrate([VISITS]);
    expect(await visits()).toEqual([FULL]);
  });

  test('adds missing columns to a table that has rows, arrays as empty ones', async () => {
    await warehouse.load(VISITS, [FULL]);
    const wider = {
      ...VISITS,
      columns: [column('note', 'STRING'), ...VISITS.columns, column('tags', 'STRUCT', 'repeated', [column('tag', 'STRING')])],
    };
    await warehouse.migrate([wider]);
    expect(await visits()).toEqual([{ ...FULL, note: null, tags: [] }]);
    expect(await warehouse.load(wider, [{ ...EMPTY, note: 'n', tags: [{ tag: 't' }] }])).toEqual({ inserted: 1, updated: 0, deleted: 0 });
    expect((await visits())[1]).toEqual({ ...EMPTY, note: 'n', tags: [{ tag: 't' }] });
  });

  test('another type is an error that names both', async () => {
    const changed = { ...VISITS, columns: VISITS.columns.map((each) => (each.name === 'share' ? column('share', 'STRING') : each)) };
    await expect(warehouse.migrate([changed])).rejects.toThrow(
      'table visits: column "share" is DOUBLE in the warehouse, but VARCHAR in the data model',
    );
  });
});

describe('dryRun', () => {
  test('describes the columns and runs nothing', async () => {
    const query = sql`select *, ${param(null, 'DATE')} as other from ${table('visits')} where site = ${'a'}`;
    const { columns, bytes } = await warehouse.dryRun(query);
    expect(bytes).toBe(0);
    expect(columns.map(({ name, type, mode }) => [name, type, mode])).toEqual([
      ['site', 'STRING', 'nullable'],
      ['number', 'INT64', 'nullable'],
      ['at', 'TIMESTAMP', 'nullable'],
      ['day', 'DATE', 'nullable'],
      ['share', 'FLOAT64', 'nullable'],
      ['is_paid', 'BOOL', 'nullable'],
      ['context', 'JSON', 'nullable'],
      ['keys', 'STRUCT', 'repeated'],
      ['other', 'DATE', 'nullable'],
    ]);
    expect(columns[7]!.fields!.map(({ name, type }) => [name, type])).toEqual([
      ['key', 'STRING'],
      ['value', 'INT64'],
    ]);
  });
});

describe('errors', () => {
  test('an engine error carries the label, the words, the lines around and the cause', async () => {
    const error = await warehouse
      .rows(raw('select\n  1 as one,\n  nothing\nfrom (select 1)'), 'find nothing')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WarehouseError);
    const { message, label, cause, words, line, detail } = error as WarehouseError;
    expect(label).toBe('find nothing');
    expect(message).toContain('find nothing: Binder Error: Referenced column "nothing" not found');
    expect(message).toContain('  2 |   1 as one,\n> 3 |   nothing\n  4 | from (select 1)');
    expect(words).toMatch(/^Binder Error: Referenced column "nothing" not found/);
    expect(line).toBe(3);
    expect(`find nothing: ${detail}`).toBe(message);
    expect(cause).toBeInstanceOf(Error);
  });

  test('statements are recorded with label, time and rows', async () => {
    await warehouse.rows(sql`select range from range(3)`, 'three rows');
    expect(warehouse.statements.at(-1)).toMatchObject({ label: 'three rows', rows: 3, bytes: 0 });
  });
});

describe('files', () => {
  test('a read-only warehouse reads and cannot write', async () => {
    const path = join(folder, 'w.duckdb');
    const writer = await openDuckDb(path);
    await writer.migrate([VISITS]);
    await writer.load(VISITS, [FULL]);
    await writer.close();
    const reader = await openDuckDb(path, { readOnly: true });
    expect(await reader.rows(sql`select site from visits`)).toEqual([{ site: 'a' }]);
    await expect(reader.load(VISITS, [EMPTY])).rejects.toThrow('read-only');
    await reader.close();
  });

  test('a missing file is not created read-only', async () => {
    await expect(openDuckDb(join(folder, 'none.duckdb'), { readOnly: true })).rejects.toThrow('there is no database at');
  });

  test('a file that is no database is named', async () => {
    const path = join(folder, 'text.duckdb');
    await writeFile(path, 'certainly not a database file'.repeat(1000));
    await expect(openDuckDb(path)).rejects.toThrow(`cannot open the database ${path}`);
  });

  test('a file held by another process is refused with its pid', async () => {
    const path = join(folder, 'held.duckdb');
    const script = `import { DuckDBInstance } from '@duckdb/node-api'; await DuckDBInstance.create(${JSON.stringify(path)}); console.log('open'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      const error = await openDuckDb(path).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).message).toContain(`is in use by process ${holder.pid} `);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  test('a snapshot holds the committed rows under the same definitions, and replaces the file at once', async () => {
    const path = join(folder, 'snapshot.duckdb');
    await warehouse.load(VISITS, [FULL, EMPTY]);
    await warehouse.snapshot([VISITS], path);
    await warehouse.load(VISITS, [EMPTY], { replace: true });
    await warehouse.snapshot([VISITS], path);
    const snapshot = await openDuckDb(path, { readOnly: true });
    expect(await snapshot.rows(sql`select * from visits`)).toEqual([EMPTY]);
    await snapshot.close();
  });

  test('a snapshot that fails leaves the former file and nothing beside it', async () => {
    const path = join(folder, 'snapshot.duckdb');
    await warehouse.load(VISITS, [FULL]);
    await warehouse.snapshot([VISITS], path);
    await expect(warehouse.snapshot([VISITS, { ...VISITS, name: 'absent' }], path)).rejects.toThrow('absent');
    const snapshot = await openDuckDb(path, { readOnly: true });
    expect(await snapshot.rows(sql`select * from visits`)).toEqual([FULL]);
    await snapshot.close();
    expect(await readdir(folder)).toEqual(['snapshot.duckdb']);
  });
});
