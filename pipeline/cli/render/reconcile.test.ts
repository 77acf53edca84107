import { expect, test } from 'vitest';
import type { Reconciliation } from '../../query/reconcile/reconcile.ts';
import { reconciliationCsv, renderReconciliation } from './reconcile.ts';
import { PLAIN } from './text.ts';

const SCREEN = { width: 120, emphasis: PLAIN };
const NOTHING: Reconciliation = {
  from: '2026-03-01',
  to: '2026-03-02',
  time_zone: 'Europe/Berlin',
  deployed: false,
  rows: [],
  broken: [],
  more_broken: false,
  gaps: [],
  in_flight: 0,
  cut_off: 0,
  in_both: 0,
  unreadable: [],
  balanced: true,
};
const entry = { erased: 0, quarantined: 0, missing: 0, duplicate: 0, failed: 0, pending: 0 };
const GAP = {
  edge_instance: 'edge-3',
  first_missing: 5,
  last_missing: 5,
  deliveries: 1,
  next_received_at: '2026-03-01T09:00:00.000Z',
  lost: false,
  unexplained: false,
  in_flight: false,
};
const WRONG: Reconciliation = {
  ...NOTHING,
  rows: [
    { ...entry, date: '2026-03-01', write_key_id: 'wk_1', accepted: 12_345, stored: 12_343, missing: 2 },
    { ...entry, date: '2026-03-02', write_key_id: null, accepted: 1, stored: 1 },
  ],
  broken: [
    {
      edge_instance: 'edge-1',
      edge_sequence: 7,
      received_at: '2026-03-01T10:00:00.000Z',
      date: '2026-03-01',
      write_key_id: 'wk_1',
      counted: 3,
      found: 1,
      erased: 0,
    },
    {
      edge_instance: 'edge-1',
      edge_sequence: 9,
      received_at: '2026-03-01T11:00:00.000Z',
      date: '2026-03-01',
      write_key_id: null,
      counted: null,
      found: 1,
      erased: 0,
    },
  ],
  gaps: [
    { ...GAP, edge_instance: 'edge-1', first_missing: 3, last_missing: 4, deliveries: 2, lost: true },
    { ...GAP, edge_instance: 'edge-2', next_received_at: '2026-03-01T09:30:00.000Z' },
  ],
  in_flight: 1,
  cut_off: 2,
  in_both: 1,
  unreadable: ['dead/2026-03-01/x'],
  balanced: false,
};

test('what is wrong is said in words, with the deliveries and gaps behind it', () => {
  expect(renderReconciliation(WRONG, SCREEN)).toBe(`Accounts of the edge, 2026-03-01 to 2026-03-02, Europe/Berlin

Day         Write key  Accepted  Stored  Duplicate  Failed  Erased  Quarantined  Pending  Missing
──────────  ─────────  ────────  ──────  ─────────  ──────  ──────  ───────────  ───────  ───────
2026-03-01  wk_1         12,345  12,343          0       0       0            0        0        2
2026-03-02  —                 1       1          0       0       0            0        0        0
──────────  ─────────  ────────  ──────  ─────────  ──────  ──────  ───────────  ───────  ───────
Total                    12,346  12,344          0       0       0            0        0        2

Edge instance  Number  Received                  Write key  Counted  Found
─────────────  ──────  ────────────────────────  ─────────  ───────  ─────
edge-1              7  2026-03-01T10:00:00.000Z  wk_1             3      1
edge-1              9  2026-03-01T11:00:00.000Z  —                —      1

MISSING: 2 rows that were acknowledged.
UNPROVEN: the header of 1 delivery is missing: nobody can say whether all of the rows are there.
LOST: 2 deliveries, by gaps in the numbers; how many rows they held is not known.
gap: instance edge-1, numbers 3 to 4, before 2026-03-01T09:00:00.000Z: lost
gap: instance edge-2, number 5, before 2026-03-01T09:30:00.000Z: at the end of the instance: most likely never acknowledged

In flight, counted as pending: 1 delivery received within the last 30 minutes.
Cut off while they were written, so not acknowledged and not counted: 2 rows.
Refused by the warehouse and stored all the same, counted once: 1 row.
The archive holds 1 object that nobody can read, in no column: dead/2026-03-01/x
What an edge was still storing when it was killed was never acknowledged: it is in no column, and clients send it again.
`);
});

test('days in which nothing was received say so', () => {
  expect(renderReconciliation(NOTHING, SCREEN)).toBe(`Accounts of the edge, 2026-03-01 to 2026-03-02, Europe/Berlin

Nothing was received in these days.
What an edge was still storing when it was killed was never acknowledged: it is in no column, and clients send it again.
`);
});

test('of a deployed edge nothing is called never acknowledged that may be lost', () => {
  const gaps = [
    { ...GAP, unexplained: true },
    { ...GAP, in_flight: true },
  ];
  expect(renderReconciliation({ ...NOTHING, rows: [WRONG.rows[1]!], deployed: true, gaps, balanced: false }, SCREEN))
    .toBe(`Accounts of the edge, 2026-03-01 to 2026-03-02, Europe/Berlin

Day         Write key  Accepted  Stored  Duplicate  Failed  Erased  Quarantined  Pending  Missing
──────────  ─────────  ────────  ──────  ─────────  ──────  ──────  ───────────  ───────  ───────
2026-03-02  —                 1       1          0       0       0            0        0        0

UNEXPLAINED: 1 delivery at the end of an instance, by gaps in the numbers: it may have been killed before it acknowledged them, or they are lost.
gap: instance edge-3, number 5, before 2026-03-01T09:00:00.000Z: at the end of the instance: lost, or never acknowledged
gap: instance edge-3, number 5, before 2026-03-01T09:00:00.000Z: may still be on its way

The last deliveries of an edge instance leave no gap where none of them is in the warehouse or held: they cannot be shown.
`);
});

test('the ledger as CSV', () => {
  expect(reconciliationCsv(WRONG)).toBe(
    'date,write_key_id,accepted,stored,duplicate,failed,erased,quarantined,pending,missing\r\n' +
      '2026-03-01,wk_1,12345,12343,0,0,0,0,0,2\r\n' +
      '2026-03-02,,1,1,0,0,0,0,0,0\r\n',
  );
});
