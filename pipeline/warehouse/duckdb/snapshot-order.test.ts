import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { nullable, required } from '../columns.ts';
import { openDuckDb } from './duckdb.ts';

test('the rows of a snapshot lie in the order that their table names', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-snapshot-'));
  const ordered = {
    name: 'ordered',
    description: 'Rows.',
    columns: [required('id', 'INT64', 'Id.'), nullable('model', 'STRING', 'Model.')],
    key: ['id'],
    snapshotOrder: ['model', 'id'],
  };
  const asTheyCame = { ...ordered, name: 'as_they_came', snapshotOrder: [] };
  const rows = [
    { id: 4, model: 'b' },
    { id: 3, model: 'a' },
    { id: 2, model: null },
    { id: 1, model: 'a' },
  ];
  const warehouse = await openDuckDb(':memory:');
  try {
    await warehouse.migrate([ordered, asTheyCame]);
    for (const definition of [ordered, asTheyCame]) await warehouse.load(definition, rows);
    const file = path.join(folder, 'snapshot.duckdb');
    await warehouse.snapshot([ordered, asTheyCame], file);
    const snapshot = await openDuckDb(file, { readOnly: true });
    const ids = async (name: string) => await snapshot.session.read<{ id: number }>(`select id from ${name} order by rowid`, 'ids');
    expect((await ids('ordered')).map(({ id }) => id)).toEqual([2, 1, 3, 4]);
    expect((await ids('as_they_came')).map(({ id }) => id)).toEqual([4, 3, 2, 1]);
    await snapshot.close();
  } finally {
    await warehouse.close();
    await rm(folder, { recursive: true, force: true });
  }
});
