import { describe, expect, test } from 'vitest';
import { readTable } from '../terminal-table.ts';
import { atMost, compared, measured, missing } from './figure.ts';
import { toJson, toText } from './render.ts';

const SIZE = measured({
  name: 'Size',
  unit: 'B brotli',
  value: 4812,
  reference: [
    { name: 'peer 1.2.3', value: 27_445 },
    { name: 'other 2.0.0', value: 2355 },
  ],
  bound: atMost(5000),
  aim: 4096,
});
const SLOW = compared({ name: 'Time', unit: 'ms', value: 41.25, reference: [{ name: 'peer 1.2.3', value: 20 }], bound: atMost(2) });
const COUNTED = measured({ name: 'Visits', unit: 'visits', value: 1000, note: 'of 1200' });
const MISSING = missing({ name: 'Chunk', unit: 'B', bound: atMost(1500), note: 'the build does not make it' });
const one = (...figures: readonly (typeof SIZE)[]) => [{ bench: 'tracker', figures }];

describe('the text', () => {
  test('shows each figure with its bound above its references', () => {
    const { header, rows } = readTable(toText(one(SIZE, SLOW, COUNTED, MISSING), 200), 'tracker\n\n');
    expect(header).toEqual(['Figure', 'Measured', 'Ratio', 'Bound', 'Holds']);
    expect(rows).toEqual([
      ['Size', '4,812 B brotli', '', 'at most 5,000 B brotli (aim 4,096)', 'yes'],
      ['beside peer 1.2.3', '27,445 B brotli', '', '', ''],
      ['beside other 2.0.0', '2,355 B brotli', '', '', ''],
      ['Time', '41.3 ms', '2.06×', 'at most 2×', 'NO'],
      ['beside peer 1.2.3', '20 ms', '', '', ''],
      ['Visits', '1,000 visits', '', '', ''],
      ['Chunk', 'not measured', '', 'at most 1,500 B', 'NO'],
    ]);
  });

  test('explains below the table', () => {
    const text = toText(one(COUNTED, MISSING), 200);
    expect(text).toContain('\nVisits: of 1200\nChunk: the build does not make it\n');
  });

  test.each([
    ['Verdict: good, 1 of 1 bound hold\n', one(SIZE, COUNTED)],
    ['Verdict: bad, 2 of 3 bounds do not hold\n', one(SIZE, SLOW, COUNTED, MISSING)],
    ['Verdict: bad, 1 of 2 bounds do not hold\n', [...one(SIZE), { bench: 'edge', figures: [MISSING] }]],
  ])('ends with %j', (verdict, results) => {
    expect(toText(results, 200).endsWith(`\n${verdict}`)).toBe(true);
  });

  test('names each bound that does not hold before the verdict', () => {
    expect(toText([...one(SIZE, SLOW), { bench: 'edge', figures: [MISSING] }], 200)).toContain(
      'Beyond their bounds:\n  tracker: Time\n  edge: Chunk\n\nVerdict',
    );
  });
});

describe('the JSON', () => {
  test('holds everything', () => {
    expect(JSON.parse(toJson(one(SLOW, MISSING)))).toEqual({
      holds: false,
      benches: [
        {
          bench: 'tracker',
          figures: [
            {
              name: 'Time',
              unit: 'ms',
              value: 41.25,
              ratio: 2.0625,
              reference: [{ name: 'peer 1.2.3', value: 20 }],
              bound: { kind: 'at most', value: 2 },
              holds: false,
            },
            {
              name: 'Chunk',
              unit: 'B',
              value: null,
              bound: { kind: 'at most', value: 1500 },
              note: 'the build does not make it',
              holds: false,
            },
          ],
        },
      ],
    });
    expect(JSON.parse(toJson(one(SIZE, COUNTED)))).toMatchObject({ holds: true });
  });
});
