import { expect, test } from 'vitest';
import type { FunnelResult } from '../../query/funnel/stages.ts';
import { PUBLICATION } from '../../query/testing/world.ts';
import { funnelCsv } from '../../query/funnel/csv.ts';
import { renderFunnel } from './funnel.ts';
import { PLAIN } from './text.ts';

const RESULT: FunnelResult = {
  dimension: 'channel',
  dimension_label: 'Channel',
  model: 'last_click',
  stages: [
    { name: 'lead', label: 'Lead', money: false },
    { name: 'closed_won', label: 'Closed/Won', money: true },
  ],
  rows: [
    {
      value: 'Paid Social',
      stages: [
        { conversions: 12, value: null, rank: 1 },
        { conversions: 1, value: 900.5, rank: 2 },
      ],
    },
    {
      value: 'Email',
      stages: [
        { conversions: 8, value: null, rank: 2 },
        { conversions: 3, value: 12_000, rank: 1 },
      ],
    },
    {
      value: null,
      stages: [
        { conversions: 1, value: null, rank: 3 },
        { conversions: 0, value: 0, rank: null },
      ],
    },
  ],
  totals: [
    { conversions: 21, value: null },
    { conversions: 4, value: 12_900.5 },
  ],
  meta: {
    project: 'Fernhill',
    time_zone: 'Europe/Berlin',
    currency: 'EUR',
    date_range: { start_date: '2026-01-01', end_date: '2026-01-31' },
    time_basis: 'click_time',
    interval: 'day',
    publication_id: PUBLICATION.publication_id,
    published_at: PUBLICATION.published_at,
    data_up_to: null,
    row_count: 3,
    all_row_count: 3,
    truncated: false,
    notes: [],
  },
};

test('the funnel shows the places, and the arrow that says who overtook whom', () => {
  expect(renderFunnel(RESULT, { width: 100, emphasis: PLAIN }).split('\n')).toEqual([
    'Fernhill · Funnel by channel, last click',
    '1 Jan 2026 – 31 Jan 2026, by click time · Europe/Berlin · EUR · published Wed 1 Apr 2026 05:00',
    '',
    '             ─ Lead ──  ─── Closed/Won ───',
    'Channel      Count  #   Count  #     Value',
    '───────────  ─────  ──  ─────  ──  ───────',
    'Paid Social     12  1       1  2▼     €901',
    'Email            8  2       3  1▲  €12,000',
    '(not set)        1  3       0           €0',
    '───────────  ─────  ──  ─────  ──  ───────',
    'Total           21          4      €12,901',
    '',
    '# is the place at the stage: by value where the stage has one, else by count. ▲ and ▼: better or worse than at the stage before.',
    'Each stage counts its own conversions of these dates, and attributes them by itself.',
    '',
  ]);
});

test('the funnel as CSV has a line per row and stage', () => {
  expect(funnelCsv(RESULT).split('\r\n').slice(0, 4)).toEqual([
    'channel,stage,conversions,value,rank',
    'Paid Social,lead,12,,1',
    'Paid Social,closed_won,1,900.5,2',
    'Email,lead,8,,2',
  ]);
});
