import { afterEach, expect, test } from 'vitest';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { STAGED_CONVERSIONS, TOUCHED_CONVERSIONS } from './tables.ts';
import { type CrmRow, type CrmWorld, openCrmWorld } from './testing/crm.ts';

let world: CrmWorld;
afterEach(() => world.close());

/** What a run hands in once the visitor `gone` is erased: rows stay, and are of nobody. */
async function withoutErased(conversions: Sql): Promise<Sql> {
  const columns = STAGED_CONVERSIONS.columns.map(({ name }) =>
    raw(name === 'client_id' ? `if(returned.client_id = 'gone', null, returned.client_id) as client_id` : `returned.${name}`),
  );
  return sql`select ${join(columns)} from (${conversions}) as returned`;
}

test('what was erased is taken out of the records of all times, and neither comes back nor counts as a change', async () => {
  world = await openCrmWorld([{ name: 'deal', label: 'Deal', sql: 'timed.sql', adjustmentDays: 10 }]);
  const crm: CrmRow[] = [
    { id: 'old', created: '2026-01-01', client_id: 'gone' },
    { id: 'new', created: '2026-05-15', client_id: 'gone' },
    { id: 'other', created: '2026-05-15', client_id: 'a' },
  ];
  await world.night('2026-05-18', crm);
  await world.warehouse.load(TOUCHED_CONVERSIONS, [], { replace: true });
  const { warnings } = await world.night('2026-05-19', crm, { withoutErased });
  expect(warnings).toEqual([]);
  for (const name of ['conversion_records', 'conversions'])
    expect(await world.rows(`select id, client_id from ${name} order by id`), name).toEqual([
      { id: 'new', client_id: null },
      { id: 'old', client_id: null },
      { id: 'other', client_id: 'a' },
    ]);
  expect(await world.rows('select id from touched_conversions order by id')).toEqual([{ id: 'new' }, { id: 'old' }]);
  expect(await world.rows('select 1 from conversion_changes')).toEqual([]);
  const { changes } = await world.night('2026-05-20', crm, { withoutErased });
  expect(Object.values(changes).every(({ inserted, updated, deleted }) => inserted + updated + deleted === 0)).toBe(true);
});
