import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { UserError } from '../config/user-error.ts';
import { reportError } from './errors.ts';

function reported(error: unknown, debug = false): { code: number; text: string } {
  let text = '';
  const code = reportError(error, debug, (part) => (text += part));
  return { code, text };
}

test('an error meant for the user is printed without a stack, and names its exit code', () => {
  expect(reported(new UserError('no such file'))).toEqual({ code: 1, text: 'error: no such file\n' });
  expect(reported(new UserError('bad config', { exitCode: 2 }))).toEqual({ code: 2, text: 'error: bad config\n' });
});

test('an unexpected error says how to get its stack', () => {
  expect(reported(new Error('boom'))).toEqual({
    code: 1,
    text: 'error: unexpected: boom\nRun the command with --debug for a stack trace.\n',
  });
});

test('with --debug the stack and the causes are printed', () => {
  const { text } = reported(new UserError('outer', { cause: new Error('inner') }), true);
  expect(text).toMatch(/outer[\s\S]+at [\s\S]+caused by: Error: inner[\s\S]+error: outer\n$/);
});

test('wrong usage is exit code 2 and asking for help 0; commander has printed the rest', () => {
  expect(reported(new CommanderError(1, 'commander.unknownOption', 'x'))).toEqual({ code: 2, text: '' });
  expect(reported(new CommanderError(0, 'commander.helpDisplayed', 'x'))).toEqual({ code: 0, text: '' });
});
