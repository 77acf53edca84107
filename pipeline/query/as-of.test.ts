import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONVERSIONS } from '../models/conversions/tables.ts';
import { sql } from '../warehouse/sql.ts';
import { findPublication, openPublication } from './publication.ts';
import { keptPublications } from './publications.ts';
import { publish } from './testing/publish.ts';
import { REPORT_TABLES } from './testing/world.ts';

// Published in the night to 30 June, in the evening of 30 June and in the night to 2 July: in Berlin it is two hours later.
const NIGHTS = [
  ['20260630T010000Z-000001', '2026-06-30T01:00:00.000000Z'],
  ['20260630T215900Z-000002', '2026-06-30T21:59:00.000000Z'],
  ['20260701T220100Z-000003', '2026-07-01T22:01:00.000000Z'],
] as const;
const [FIRST, SECOND, THIRD] = NIGHTS.map(([id]) => id) as [string, string, string];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-as-of-'));
  for (const [publication_id, published_at] of NIGHTS)
    await publish(folder, [...REPORT_TABLES, [CONVERSIONS, []]], { publication_id, published_at });
  const publications = path.join(folder, 'publications');
  // A run that ended before the switch of the pointer leaves a file that nobody was shown.
  await copyFile(path.join(publications, `${THIRD}.duckdb`), path.join(publications, '20260702T010000Z-000004.duckdb'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function idAsOf(asOf: string): Promise<string> {
  const { warehouse, publication } = await openPublication(folder, { asOf });
  await warehouse.close();
  return publication.publication_id;
}

describe('as of', () => {
  test.each([
    [FIRST, FIRST],
    [THIRD, THIRD],
    // A day ends in the project time zone: 21:59 UTC is 30 June in Berlin, 22:01 is 1 July and on the day after 2 July.
    ['2026-06-30', SECOND],
    ['2026-07-01', SECOND],
    ['2026-07-02', THIRD],
    ['2027-01-01', THIRD],
    ['2026-06-30T21:58:59Z', FIRST],
    ['2026-06-30T23:59:00+02:00', SECOND],
  ])('%s is the publication %s', async (asOf, id) => {
    expect(await idAsOf(asOf)).toBe(id);
  });

  test('an id, a day or an instant from which none is kept is an error that lists what there is', async () => {
    for (const asOf of ['20260501T010000Z-000001', '2026-06-29', '2026-06-30T00:59:59Z', '20260702T010000Z-000004']) {
      await expect(idAsOf(asOf)).rejects.toThrow(
        `as of ${asOf}: no such publication is kept. There are ${THIRD}, ${SECOND}, ${FIRST}: see \`touchtrail publications\``,
      );
    }
  });

  test.each(['2026-02-30', '2026-06-30T12:00:00', '2026-06-30 12:00'])('%s is no time, and the error says what is', async (asOf) => {
    await expect(idAsOf(asOf)).rejects.toThrow('expected the id of a publication, a date such as 2026-06-30');
  });

  test('before the first publication there is none', async () => {
    expect(await findPublication(path.join(folder, 'nowhere'), { asOf: '2026-06-30' })).toBeUndefined();
  });

  test('a publication of an earlier version names what it lacks', async () => {
    const { warehouse } = await openPublication(folder, { asOf: FIRST });
    try {
      const advice = `the publication ${FIRST} was made by an earlier version of touchtrail and has no`;
      await expect(warehouse.rows(sql`select 1 as one from later_table`)).rejects.toThrow(`${advice} table "later_table"`);
      await expect(warehouse.rows(sql`select later_column from report_sessions`)).rejects.toThrow(`${advice} column "later_column"`);
      await expect(warehouse.rows(sql`select facts.later_column from report_sessions as facts`)).rejects.toThrow(
        `${advice} column "later_column"`,
      );
      expect(await warehouse.rows(sql`select count(*) as sessions from report_sessions`)).toEqual([{ sessions: 5 }]);
    } finally {
      await warehouse.close();
    }
  });
});

test('where the last publication is of an earlier version, the error says that a run publishes anew', async () => {
  const { warehouse } = await openPublication(folder);
  try {
    await expect(warehouse.rows(sql`select 1 as one from later_table`)).rejects.toThrow(
      `the publication ${THIRD} was made by an earlier version of touchtrail and has no table "later_table": what was asked for cannot be read from it; run \`touchtrail run\` once, which publishes anew`,
    );
    await expect(warehouse.integerBatches(sql`select later_column from report_sessions`).next()).rejects.toThrow(
      'run `touchtrail run` once',
    );
    await expect(warehouse.rows(sql`select 1 / 'x' as one`)).rejects.not.toThrow('earlier version');
  } finally {
    await warehouse.close();
  }
});

test('the kept publications are listed latest first, with what they hold', async () => {
  const kept = await keptPublications(folder);
  expect(kept.map(({ publication_id, is_current }) => [publication_id, is_current])).toEqual([
    [THIRD, true],
    [SECOND, false],
    [FIRST, false],
  ]);
  expect(kept[2]).toEqual({
    publication_id: FIRST,
    published_at: '2026-06-30T01:00:00.000000Z',
    data_up_to: '2026-03-31T20:00:00.000000Z',
    time_zone: 'Europe/Berlin',
    sessions: 5,
    conversions: 0,
    cost_rows: 3,
    is_current: false,
  });
  expect(await keptPublications(path.join(folder, 'nowhere'))).toEqual([]);
});
