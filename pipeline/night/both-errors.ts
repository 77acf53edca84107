import { UserError } from '../config/user-error.ts';

/**
 * Does what must follow a failure; where even that fails, both errors are told.
 * @throws an error with both messages: a UserError with the exit code of the first where that is one.
 */
export async function afterFailure(first: unknown, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (second) {
    const both = `${wordsOf(first)} (and then: ${wordsOf(second)})`;
    const errors = new AggregateError([first, second], both, { cause: second });
    throw first instanceof UserError ? new UserError(both, { exitCode: first.exitCode, cause: errors }) : errors;
  }
}

/** Runs `work`, then `cleanUp` whatever happened; an error of the second never takes the place of one of the first. */
export async function withCleanUp<Result>(work: () => Promise<Result>, cleanUp: () => Promise<void>): Promise<Result> {
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await afterFailure(error, cleanUp);
    throw error;
  }
  await cleanUp();
  return result;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
