import { expect, test } from 'vitest';
import { cursorOf, readCursor } from './cursor.ts';

const place = { publication_id: '20260401T030000Z', asked_at: '2026-04-01T09:00:00.000Z', start: 100 };

test('a cursor leads back to its place, whatever the order of members and the limit', () => {
  const cursor = cursorOf('get_report_table', { dimensions: ['channel'], limit: 10, period: '28d' }, place);
  expect(readCursor('get_report_table', { period: '28d', dimensions: ['channel'], limit: 500, cursor }, cursor)).toMatchObject(place);
  expect(cursor).toMatch(/^[\w-]+$/);
});

test.each([
  [{ dimensions: ['source'] }, 'it is of another query; ask the same one'],
  [{ dimensions: ['channel'], period: '7d' }, 'it is of another query'],
])('another query is refused: %j', (query, message) => {
  const cursor = cursorOf('get_report_table', { dimensions: ['channel'] }, place);
  expect(() => readCursor('get_report_table', query, cursor)).toThrow(message);
});

test('a cursor of another tool, or none at all, is refused', () => {
  const cursor = cursorOf('get_funnel', {}, place);
  expect(() => readCursor('get_report_table', {}, cursor)).toThrow('cursor: it is of get_funnel, and this is get_report_table');
  for (const text of ['', 'x', 'e30', cursor.slice(0, -8)]) {
    expect(() => readCursor('get_funnel', {}, text)).toThrow('cursor: expected meta.next_cursor of the page before, as it was');
  }
});
