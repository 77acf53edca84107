import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';

const DEALS: TableDefinition = {
  name: 'crm_deals',
  description: 'Deals.',
  columns: [
    { name: 'deal_id', type: 'STRING', mode: 'required', description: 'Id.' },
    { name: 'name', type: 'STRING', description: 'Name.' },
    { name: 'created_at', type: 'TIMESTAMP', description: 'Creation.' },
    { name: 'closed_at', type: 'DATE', description: 'Close.' },
    { name: 'amount', type: 'FLOAT64', description: 'Amount.' },
    { name: 'seats', type: 'INT64', description: 'Seats.' },
    { name: 'is_won', type: 'BOOL', description: 'Won.' },
  ],
  key: ['deal_id'],
};
const HEADER = 'deal_id,name,created_at,closed_at,amount,seats,is_won\n';
const empty = (deal_id: string) => ({ deal_id, name: null, created_at: null, closed_at: null, amount: null, seats: null, is_won: null });

let warehouse: DuckDbWarehouse;
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-csv-'));
  file = join(folder, 'deals.csv');
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([DEALS]);
});
afterEach(async () => {
  await warehouse.close();
  await rm(folder, { recursive: true });
});

async function load(content: string | Buffer) {
  await writeFile(file, content);
  return warehouse.loadCsv(DEALS, file);
}
const deals = () => warehouse.rows(sql`select * from crm_deals order by deal_id nulls first`);

describe('a sound file', () => {
  test('gives typed rows; empty cells are NULL', async () => {
    const change = await load(`${HEADER}d1,"Acme, ""Inc""",2026-01-01T10:00:00+02:00,2026-02-03,12.5,3,TRUE\nd2,,,,,,\n`);
    expect(change).toEqual({ inserted: 2, updated: 0, deleted: 0 });
    expect(await deals()).toEqual([
      {
        deal_id: 'd1',
        name: 'Acme, "Inc"',
        created_at: '2026-01-01T08:00:00.000000Z',
        closed_at: '2026-02-03',
        amount: 12.5,
        seats: 3,
        is_won: true,
      },
      empty('d2'),
    ]);
  });

  test('again changes nothing; a changed, a new and a missing row are one each', async () => {
    await load(`${HEADER}d1,a,,,,,\nd2,b,,,,,\nd3,c,,,,,\n`);
    expect(await load(`${HEADER}d3,c,,,,,\nd2,b,,,,,\nd1,a,,,,,\n`)).toEqual({ inserted: 0, updated: 0, deleted: 0 });
    expect(await load(`${HEADER}d1,a,,,,,\nd2,changed,,,,,\nd4,d,,,,,\n`)).toEqual({ inserted: 1, updated: 1, deleted: 1 });
  });

  test('replaces a table without a key', async () => {
    await load(`${HEADER}d1,a,,,,,\n`);
    await writeFile(file, `${HEADER}d2,b,,,,,\nd2,b,,,,,\n`);
    expect(await warehouse.loadCsv({ ...DEALS, key: [] }, file)).toEqual({ inserted: 2, updated: 0, deleted: 1 });
    expect(await deals()).toEqual([
      { ...empty('d2'), name: 'b' },
      { ...empty('d2'), name: 'b' },
    ]);
  });

  test('may have its columns in another order', async () => {
    await load('seats,is_won,amount,closed_at,created_at,name,deal_id\n7,,,,,,d1\n');
    expect(await deals()).toEqual([{ ...empty('d1'), seats: 7 }]);
  });

  const FORMS: readonly [string, string | Buffer][] = [
    ['CR LF, and line feeds inside a cell', `${HEADER.replace('\n', '\r\n')}d1,"line 1\nline 2",,,,,\r\nd2,,,,,,\r\n`],
    ['a byte order mark', `\uFEFF${HEADER}d1,"line 1\nline 2",,,,,\nd2,,,,,,\n`],
    ['no last line feed', `${HEADER}d1,"line 1\nline 2",,,,,\nd2,,,,,,`],
    ['empty lines', `${HEADER}\nd1,"line 1\nline 2",,,,,\n\nd2,,,,,,\n\n`],
    [
      'quoted names and empty quoted cells',
      `"deal_id","name","created_at","closed_at","amount","seats","is_won"\nd1,"line 1\nline 2","","","","",""\n"d2","","","","","",""\n`,
    ],
  ];
  test.each(FORMS)('may have %s', async (_, content) => {
    await load(content);
    expect(await deals()).toEqual([{ ...empty('d1'), name: 'line 1\nline 2' }, empty('d2')]);
  });
});

describe('a file that does not fit is refused, and nothing changes', () => {
  const BAD: readonly [title: string, content: string | Buffer, message: string][] = [
    [
      'a date that does not exist',
      `${HEADER}d1,"two\nlines",,,,,\nd2,,,2026-02-30,,,\n`,
      ':4: column "closed_at" is "2026-02-30"; expected DATE: a date such as 2026-03-31',
    ],
    ['a fraction for an integer', `${HEADER}\nd1,,,,,1.5,\n`, ':3: column "seats" is "1.5"; expected INT64: a whole number such as 42'],
    ['a decimal comma', `${HEADER}d1,,,,"1,5",,\n`, ':2: column "amount" is "1,5"; expected FLOAT64: a number such as 1234.5'],
    ['a word for a boolean', `${HEADER}d1,,,,,,yes\n`, ':2: column "is_won" is "yes"; expected BOOL: true or false'],
    ['an ambiguous time', `${HEADER}d1,,01/02/2026,,,,\n`, ':2: column "created_at" is "01/02/2026"; expected TIMESTAMP: a time such as'],
    ['an empty key', `${HEADER}d1,,,,,,\n,b,,,,,\n`, ':3: column "deal_id" is empty; expected STRING: a text'],
    ['the first of several bad cells, in reading order', `${HEADER}d1,,x,,,,y\nd2,,,,z,,\n`, ':2: column "created_at" is "x"'],
    ['a repeated key', `${HEADER}d1,,,,,,\nd1,b,,,,,\n`, '2 rows have the same key (deal_id = "d1")'],
    ['too few cells', `${HEADER}d1,,,,,,\nd2,b\n`, ':3: expected 7 cells as in the header, found 2'],
    ['too many cells', `${HEADER}d1,,,,,,,,\n`, ':2: expected 7 cells as in the header, found 9'],
    [
      'a quote that is never closed',
      `${HEADER}d1,,,,,,\nd2,"open,,,,,\nd3,,,,,,\n`,
      ':3: the quote that opens a cell of this record is never closed',
    ],
    ['a bare quote', `${HEADER}d1,5" pipe,,,,,\n`, ':2: a quote stands inside an unquoted cell'],
    ['text after a quoted cell', `${HEADER}d1,"a"b,,,,,\n`, ':2: text follows a closing quote'],
    ['mixed line ends', `${HEADER}d1,,,,,,\r\n`, '1 lines end with CR LF and 1 with LF'],
    ['an unknown column', HEADER.replace('amount', 'amuont'), ':1: unknown column "amuont"; did you mean "amount"?'],
    ['a missing column', HEADER.replace('amount,', ''), ':1: the column "amount" is missing'],
    ['a column twice', HEADER.replace('amount', 'seats'), ':1: the column "seats" stands there twice'],
    ['semicolons', HEADER.replaceAll(',', ';'), ':1: the columns seem to be separated by ";"; expected commas'],
    ['no header', '', 'is empty: expected a header with the columns deal_id, name'],
    ['another encoding', Buffer.from(`${HEADER}d1,M\u00fcller,,,,,\n`, 'latin1'), 'not utf-8'],
  ];
  test.each(BAD)('%s', async (_, content, message) => {
    await load(`${HEADER}kept,,,,,,\n`);
    const error = await load(content).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UserError', message: expect.stringContaining(message) as string });
    expect((error as Error).message).toContain(file);
    expect(await deals()).toEqual([empty('kept')]);
  });

  test('a missing file is named', async () => {
    await expect(warehouse.loadCsv(DEALS, join(folder, 'none.csv'))).rejects.toThrow(`there is no file ${join(folder, 'none.csv')}`);
  });
});
