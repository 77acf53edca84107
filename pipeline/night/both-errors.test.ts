import { expect, test } from 'vitest';
import { UserError } from '../config/user-error.ts';
import { withCleanUp } from './both-errors.ts';

const failing = (error: Error) => async () => {
  throw error;
};

test('what work returns is returned once the cleaning up is done', async () => {
  const log: string[] = [];
  const result = await withCleanUp(
    async () => log.push('work'),
    async () => void log.push('clean up'),
  );
  expect(result).toBe(1);
  expect(log).toEqual(['work', 'clean up']);
});

test('an error of the work stays what it is where cleaning up succeeds', async () => {
  const error = new Error('disk full');
  await expect(withCleanUp(failing(error), async () => {})).rejects.toBe(error);
});

test('where both fail the error of the work comes first, with its exit code, and both are told', async () => {
  const first = new UserError('the lease was taken over', { exitCode: 2 });
  const error: unknown = await withCleanUp(failing(first), failing(new Error('the file is gone'))).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ message: 'the lease was taken over (and then: the file is gone)', exitCode: 2 });
});

test('an error of the cleaning up alone is told', async () => {
  await expect(withCleanUp(async () => 1, failing(new Error('the file is gone')))).rejects.toThrow('the file is gone');
});
