import { expect, test } from 'vitest';
import { inline, markdownTable, ROWS_IN_WORDS } from './markdown.ts';

test('texts of visitors cannot leave their cell, nor become markup', () => {
  const hostile = 'a|b\n| Total | 9 |\r\u2028<img src=x onerror=alert(1)> [click](javascript:x) `code`\\';
  const lines = markdownTable([{ label: 'Campaign', text: true }, { label: 'Sessions' }], [[hostile, '1']]).split('\n');
  expect(lines).toEqual([
    '| Campaign | Sessions |',
    '| --- | ---: |',
    '| a\\|b \\| Total \\| 9 \\| \\<img src=x onerror=alert(1)> \\[click\\](javascript:x) \\`code\\`\\\\ | 1 |',
  ]);
});

test('a long text is cut, and an address at the cut is masked first', () => {
  expect(inline('x'.repeat(500))).toBe(`${'x'.repeat(299)}…`);
  expect(inline(`${'x'.repeat(270)} jane.roe.of.the.company@fernhill.example`)).not.toContain('@');
});

test('a table has as many rows as somebody reads, and its total', () => {
  const rows = Array.from({ length: 80 }, (_, i) => [String(i)]);
  const lines = markdownTable([{ label: 'Row' }], rows, ['all']).split('\n');
  expect(lines).toHaveLength(2 + ROWS_IN_WORDS + 1);
  expect(lines.at(-1)).toBe('| **all** |');
});
