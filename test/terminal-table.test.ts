import { expect, test } from 'vitest';
import { readTable } from './terminal-table.ts';

const SCREEN = `By channel
──────────

           ── Lead ──
Channel    Count  #
─────────  ─────  ──
Émail, 😀       5  1▲
Direct         0
─────────  ─────  ──
Total          5

# is the place.
`;

test('reads header, rows and footer of the table after a text, and keeps empty cells', () => {
  expect(readTable(SCREEN, 'By channel')).toEqual({
    header: ['Channel', 'Count', '#'],
    rows: [
      ['Émail, 😀', '5', '1▲'],
      ['Direct', '0', ''],
    ],
    footer: [['Total', '5', '']],
  });
});

test('says what is missing', () => {
  expect(() => readTable(SCREEN, 'By month')).toThrow('"By month" does not occur');
  expect(() => readTable(SCREEN, '# is')).toThrow('no table after "# is"');
});
