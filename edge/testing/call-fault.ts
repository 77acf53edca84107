/**
 * What goes wrong with a call of a platform's service: it fails or never answers, and what was asked for is done all the same or
 * is not.
 */
export type CallFault = 'error' | 'hang' | 'done and error' | 'done and hang';

/**
 * Does something under a fault.
 * @param words what the service says where it fails.
 * @throws Error with the words, where the fault says so.
 */
export async function underFault<Result>(
  fault: CallFault | undefined,
  words: string,
  act: () => Result | Promise<Result>,
): Promise<Result> {
  if (fault === undefined) return await act();
  if (fault.startsWith('done')) await act();
  if (fault.endsWith('error')) throw new Error(words);
  return await new Promise<never>(() => {});
}
