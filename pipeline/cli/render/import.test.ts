import { expect, test } from 'vitest';
import { type Counts, NOTHING } from '../../import/counts.ts';
import { importedAsJson, progressNote, renderImported, renderPreview } from './import.ts';

const COUNTS: Counts = {
  ...NOTHING,
  read: 12_345,
  stored: 12_000,
  copies: 5,
  rejected: 40,
  leftOut: { 'outside of --from and --to': 300 },
  types: { track: 2000, page: 10_000 },
  beforeTracking: 11_000,
  first: Date.parse('2025-12-01T08:00:00.500Z'),
  last: Date.parse('2026-01-31T00:00:00Z'),
};
const VIEW = {
  counts: COUNTS,
  damaged: ['/a/cut.gz'],
  complete: true,
  rejectedFile: 'data/imports/1/rejected.ndjson',
  trackingSince: Date.parse('2026-01-15T00:00:00Z'),
};

test('an import says what became of each record, and what to do next', () => {
  expect(renderImported(VIEW)).toBe(
    [
      'imported 12,000 events of 12,345 records',
      '  10,000  page',
      '   2,000  track',
      '       5  copies of others in the same request',
      '      40  rejected',
      '     300  left out: outside of --from and --to',
      '  what was rejected, and why: data/imports/1/rejected.ndjson',
      '  /a/cut.gz could not be read to its end: the reason is in that file',
      'from 2025-12-01T08:00:00Z to 2026-01-31T00:00:00Z',
      '11,000 of them happened before tracking began (2026-01-15T00:00:00Z, the first browser key)',
      'next: touchtrail run',
      '',
    ].join('\n'),
  );
});

test('one that was interrupted says how to go on', () => {
  const text = renderImported({ ...VIEW, complete: false, trackingSince: undefined });
  expect(text).toMatch(/^interrupted after 12,000 events of 12,345 records\n/);
  expect(text).toMatch(/\ngo on with the same command and --resume\n$/);
  expect(text).not.toContain('before tracking began');
});

test('one that has brought nothing asks for no run', () => {
  expect(renderImported({ ...VIEW, counts: { ...NOTHING, read: 1, leftOut: { x: 1 } }, damaged: [] })).toBe(
    'imported 0 events of 1 record\n  1  left out: x\n',
  );
});

test('for programs', () => {
  expect(importedAsJson(VIEW)).toEqual({
    complete: true,
    read: 12_345,
    stored: 12_000,
    copies: 5,
    sampled: 0,
    rejected: 40,
    left_out: { 'outside of --from and --to': 300 },
    types: { track: 2000, page: 10_000 },
    first: '2025-12-01T08:00:00Z',
    last: '2026-01-31T00:00:00Z',
    before_tracking: 11_000,
    tracking_since: '2026-01-15T00:00:00Z',
    rejected_file: 'data/imports/1/rejected.ndjson',
    damaged_files: ['/a/cut.gz'],
  });
});

test('progress in one line', () => {
  expect(progressNote(COUNTS, 8000.4, 95)).toBe('12,000 events, 40 rejected, 8,000/s, 2 min left');
  expect(progressNote({ ...NOTHING, stored: 1 }, 1, 12.2)).toBe('1 event, 0 rejected, 1/s, 13 s left');
  expect(progressNote(NOTHING, 0, undefined)).toBe('0 events, 0 rejected, 0/s');
});

test('a dry run shows the beginning of what is long', () => {
  const long = 'x'.repeat(40_000);
  const shown = renderPreview(
    {
      events: [
        { type: 'page', anonymousId: long, timestamp: '2026-01-05T08:00:00Z', context: { page: { url: `https://a.example/${long}` } } },
      ],
      counts: { ...NOTHING, read: 2, stored: 1, rejected: 1 },
      columns: new Map(),
      problems: [{ part: 'a.csv', line: 2, reason: 'unreadable', detail: `two columns "${long}"`, text: '' }],
      damaged: [],
      unmapped: [long, 'color'],
    },
    Number.POSITIVE_INFINITY,
  );
  expect(shown.length).toBeLessThan(3000);
  expect(shown).toMatch(/https:\/\/a\.example\/x{50,}…/);
  expect(shown).toMatch(/a\.csv:2: two columns "x{50,}…\n/);
  expect(shown).toMatch(/columns that the mapping does not read: x{50,}…, color\n/);
});
