const BATCH_ROWS = 65_536;

/** Takes the values of one row. */
export type PutRow = (a: number, b: number, c?: number) => void;

/**
 * Columns of integers, in batches.
 * @param row puts the row of each number from 0 to count−1, or none.
 */
export function* integerBatches(
  columns: 2 | 3,
  count: number,
  row: (number: number, put: PutRow) => void,
): Generator<readonly Int32Array[]> {
  const fresh = () => Array.from({ length: columns }, () => new Int32Array(BATCH_ROWS));
  let batch = fresh();
  let rows = 0;
  const put: PutRow = (a, b, c) => {
    batch[0]![rows] = a;
    batch[1]![rows] = b;
    if (c !== undefined) batch[2]![rows] = c;
    rows++;
  };
  for (let number = 0; number < count; number++) {
    row(number, put);
    if (rows === BATCH_ROWS) {
      yield batch;
      batch = fresh();
      rows = 0;
    }
  }
  if (rows > 0) yield batch.map((column) => column.subarray(0, rows));
}
