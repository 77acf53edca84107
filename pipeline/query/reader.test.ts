import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { REPORT_SESSIONS } from '../models/reports/tables.ts';
import { sql, table } from '../warehouse/sql.ts';
import { createReader, type Reader } from './reader.ts';
import { publish } from './testing/publish.ts';
import { PUBLICATION, REPORT_TABLES } from './testing/world.ts';

let folder: string;
let reader: Reader;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-reader-'));
  await publish(folder, REPORT_TABLES);
  reader = createReader(folder);
});
afterEach(async () => {
  await reader.close();
  await rm(folder, { recursive: true, force: true });
});

const sessions = (asOf?: string): Promise<number> =>
  reader.read(asOf, async ({ warehouse }) => {
    const rows = await warehouse.rows<{ sessions: number }>(sql`select count(*) as sessions from ${table(REPORT_SESSIONS.name)}`, 'count');
    return rows[0]!.sessions;
  });

test('one publication answers all that is asked at the same time, and is opened once', async () => {
  const opened = await Promise.all([1, 2, 3].map(() => reader.read(undefined, async (one) => one.warehouse)));
  expect(new Set(opened).size).toBe(1);
  expect(await sessions()).toBe(REPORT_TABLES.find(([one]) => one === REPORT_SESSIONS)![1].length);
});

test.each([undefined, PUBLICATION.publication_id])(
  'a publication that is rewritten under its own name, as erasing somebody does, is read anew (as of %s)',
  async (asOf) => {
    expect(await sessions(asOf)).toBeGreaterThan(1);
    const other = path.join(folder, 'rewritten');
    await publish(
      other,
      REPORT_TABLES.map(([definition, rows]) => [definition, definition === REPORT_SESSIONS ? rows.slice(0, 1) : rows] as const),
    );
    const file = `${PUBLICATION.publication_id}.duckdb`;
    await rename(path.join(other, 'publications', file), path.join(folder, 'publications', file));
    expect(await sessions(asOf)).toBe(1);
  },
);

test('without a publication it says what to do', async () => {
  await rm(path.join(folder, 'publications'), { recursive: true });
  await expect(sessions()).rejects.toThrow('no publication yet');
});
