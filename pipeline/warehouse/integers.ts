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
