import { expect, test } from 'vitest';
import { renderRows } from './rows.ts';
import { PLAIN } from './text.ts';

test('rows of a query come as they are, numbers at the right', () => {
  const columns = [
    { name: 'source', type: 'STRING', description: '' },
    { name: 'n', type: 'INT64', description: '' },
    { name: 'ids', type: 'STRUCT', mode: 'repeated', description: '' },
  ] as const;
  const rows = [
    ['google', 12345, [{ name: 'gclid', value: 'x' }]],
    [null, 7, []],
  ];
  expect(renderRows(columns, rows, { width: 80, emphasis: PLAIN }).split('\n')).toEqual([
    'source      n  ids',
    '──────  ─────  ──────────────────────────────',
    'google  12345  [{"name":"gclid","value":"x"}]',
    'NULL        7  []',
    '',
  ]);
});
