import { rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createReader } from '../query/reader.ts';
import { publish } from '../query/testing/publish.ts';
import { REPORT_TABLES } from '../query/testing/world.ts';
import { randomNumbers } from '../testing/random.ts';
import { ask, connect, publishStory, servedStory } from './testing/published.ts';

const { client } = await servedStory();

const ALL = { start_date: '2026-01-01', end_date: '2026-03-31' };

/** All rows of a question, page by page of changing lengths, and how many pages there were. */
async function allRows(name: string, args: Record<string, unknown>, next: (below: number) => number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  let cursor: string | null | undefined;
  do {
    const limit = 1 + next(3);
    const { structured } = await ask(client, name, { ...args, limit, ...(cursor && { cursor }) });
    expect(structured.rows.length).toBeLessThanOrEqual(limit);
    expect(structured.meta.truncated).toBe(structured.meta.next_cursor !== null);
    rows.push(...structured.rows);
    cursor = structured.meta.next_cursor;
  } while (cursor);
  return rows;
}

const PAGED: [string, Record<string, unknown>][] = [
  ['get_report_table', { date_range: ALL, dimensions: ['channel', 'campaign', 'date'], metrics: ['sessions', 'cost'] }],
  ['get_report_table', { period: 'all', dimensions: ['landing_path'], metrics: ['sessions'] }],
  ['get_funnel', { date_range: ALL, dimension: 'campaign' }],
  ['get_funnel', { date_range: ALL, view: 'ads' }],
  ['get_user_journey', { lead_id: 'L1' }],
  ['list_conversion_records', { date_range: ALL, conversion: 'closed_won', model: 'first_click' }],
  ['get_report_dimension_values', { date_range: ALL, dimension: 'source_medium' }],
  ['explain_change', { metrics: ['conversions', 'sessions', 'cost'] }],
];

test.each(PAGED)('%s %j: whatever the pages, every row is in one of them, in order', async (name, args) => {
  const { structured } = await ask(client, name, { ...args, limit: 1000 });
  expect(structured.rows.length).toBeGreaterThan(1);
  expect(structured.meta).toMatchObject({ truncated: false, next_cursor: null });
  const next = randomNumbers(7);
  const times = name === 'get_report_table' ? 3 : 1;
  for (let i = 0; i < times; i++) expect(await allRows(name, args, next)).toEqual(structured.rows);
});

test('a cursor is refused by another query, by another tool, and where it is none', async () => {
  const args = { date_range: ALL, metrics: ['sessions'] };
  const { structured, text } = await ask(client, 'get_report_table', { ...args, limit: 2 });
  const cursor = structured.meta.next_cursor;
  expect(text).toContain(`Rows 1 to 2 of 4 are shown here. For more, ask the same with cursor: ${cursor!}`);
  await expect(ask(client, 'get_report_table', { ...args, dimensions: ['source'], cursor })).rejects.toThrow(
    'cursor: it is of another query',
  );
  await expect(ask(client, 'get_report_dimension_values', { dimension: 'source', cursor })).rejects.toThrow('it is of get_report_table');
  await expect(ask(client, 'get_report_table', { ...args, cursor: 'page 2' })).rejects.toThrow('cursor: expected meta.next_cursor');
});

test('the pages of a question are of one publication, and end with it', async () => {
  const { id, ...args } = { id: '20260402T030000Z', date_range: ALL, metrics: ['sessions'], dimensions: ['channel', 'date'], limit: 2 };
  const other = await publishStory();
  const asker = await connect(other.context);
  try {
    const whole = await ask(asker, 'get_report_table', { ...args, limit: 100 });
    const first = await ask(asker, 'get_report_table', args);
    // A run publishes a state in which nothing is left.
    await publish(
      other.folder,
      REPORT_TABLES.map(([table]) => [table, []] as const),
      { publication_id: id, published_at: '2026-04-02T03:00:00.000000Z' },
    );
    const cursor = first.structured.meta.next_cursor;
    const second = await ask(asker, 'get_report_table', { ...args, cursor });
    expect([...first.structured.rows, ...second.structured.rows]).toEqual(whole.structured.rows.slice(0, 4));
    expect(second.structured.meta.publication_id).toBe('20260401T030000Z');
    expect((await ask(asker, 'get_report_table', args)).structured).toMatchObject({ rows: [], meta: { publication_id: id } });
    // Old publications are removed some day. What is open stays readable; whoever asks anew is told.
    await rm(path.join(other.folder, 'publications', '20260401T030000Z.duckdb'));
    const late = await connect({ ...other.context, reader: createReader(other.folder) });
    await expect(ask(late, 'get_report_table', { ...args, cursor })).rejects.toThrow(
      'cursor: the pages before are of the publication 20260401T030000Z, which is no longer kept: begin anew',
    );
    await late.close();
  } finally {
    await asker.close();
    await other.close();
  }
});
