import { expect, test } from 'vitest';
import type { RunSummary } from '../night/run.ts';
import { renderRun } from './run-view.ts';

const summary: RunSummary = {
  runId: '20260701T030000Z-000007',
  durationMs: 2345,
  steps: [],
  changes: {
    sessions: { inserted: 1200, updated: 3, deleted: 0 },
    events: { inserted: 5000, updated: 0, deleted: 1 },
    costs: { inserted: 0, updated: 0, deleted: 0 },
  },
  warnings: ['a warning'],
  publicationId: '20260701T030000Z-000007',
  publicationKept: false,
};

test('a run is summed up by the rows touched in each table, and by what readers see now', () => {
  expect(renderRun(summary, 80)).toBe(
    [
      'Table     Inserted  Updated  Deleted',
      '────────  ────────  ───────  ───────',
      'events       5,000        0        1',
      'sessions     1,200        3        0',
      '',
      'run 20260701T030000Z-000007 done in 2.3 s: 6,204 rows touched; publication 20260701T030000Z-000007, 1 warning (above)',
      '',
    ].join('\n'),
  );
});

const inserted = (rows: number) => ({ inserted: rows, updated: 0, deleted: 0 });

test('a run says how many of the events that arrived are copies of others', () => {
  const changes = { events_raw: inserted(205_788), events: inserted(204_855) };
  expect(renderRun({ ...summary, changes }, 80)).toContain('\n\nevents_raw 205,788, of which 933 are copies\n\nrun ');
  expect(renderRun({ ...summary, changes: { events_raw: inserted(7), events: inserted(7) } }, 80)).not.toContain('copies');
});

test('a run that touched no row says so', () => {
  const quiet = { ...summary, changes: {}, warnings: [], publicationId: '20260630T030000Z-000006', publicationKept: true };
  expect(renderRun(quiet, 80)).toBe(
    'run 20260701T030000Z-000007 done in 2.3 s: nothing changed; publication 20260630T030000Z-000006, as before\n',
  );
});
