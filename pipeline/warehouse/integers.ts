/** @throws RangeError for an integer beyond 2^53: nothing is rounded. */
export function safeInteger(value: bigint | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new RangeError(`the integer ${value} does not fit a number exactly: cast it to STRING in the query`);
  return number;
}
