import { expect, test } from 'vitest';
import { readableLogLine } from './edge-log.ts';

test.each([
  ['{"level":"error","event":"not_stored","error":"Error","message":"no space left"}', 'edge: not_stored: Error: no space left'],
  ['{"level":"warn","event":"rows_refused","rows":3,"table":"events_raw"}', 'edge: rows_refused: rows 3, table events_raw'],
  ['{"level":"warn","event":"odd","message":"thrown text"}', 'edge: odd: thrown text'],
  ['{"some":"json"}', 'edge: {"some":"json"}'],
  ['null', 'edge: null'],
  ['workerd complains', 'edge: workerd complains'],
])('%s', (line, readable) => {
  expect(readableLogLine(line)).toBe(readable);
});
