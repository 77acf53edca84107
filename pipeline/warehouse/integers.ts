import type { TableDefinition } from './warehouse.ts';

/**
 * What becomes of integers beyond 2^53: an error, or their exact text. The others are numbers either way.
 */
export type LargeIntegers = 'refuse' | 'text';

/** @throws RangeError for an integer beyond 2^53: nothing is rounded. */
export function safeInteger(value: bigint | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new RangeError(`the integer ${value} does not fit a number exactly: cast it to STRING in the query`);
  return number;
}

/** An integer as a number, or beyond 2^53 as its exact text. */
export function numberOrText(value: bigint | string): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

export const integerReader = (large: LargeIntegers): ((value: bigint | string) => number | string) =>
  large === 'text' ? numberOrText : safeInteger;

/** What is thrown where 32 bits are promised and a column holds something else. */
export function beyond32Bits(label: string, column: string): RangeError {
  return new RangeError(`${label}: column "${column}" has a value that is NULL or no integer of 32 bits`);
}

/** The length of the columns of a batch. @throws Error where they are not those of the table, or not equally long. */
export function checkedLength(target: TableDefinition, batch: readonly Int32Array[], label: string): number {
  if (batch.length !== target.columns.length)
    throw new Error(`${label}: a batch has ${batch.length} columns, ${target.name} has ${target.columns.length}`);
  const length = batch[0]?.length ?? 0;
  if (batch.some((column) => column.length !== length)) throw new Error(`${label}: the columns of a batch are not equally long`);
  return length;
}
