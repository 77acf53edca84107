import { Command } from 'commander';
import { expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { addGlobalOptions, globalOptions } from './options.ts';

test('a file in place of the data folder is wrong usage', () => {
  const file = fileURLToPath(import.meta.url);
  const program = new Command();
  addGlobalOptions(program);
  program.parse(['--data', file], { from: 'user' });
  expect(() => globalOptions(program)).toThrow(
    expect.objectContaining({ exitCode: 2, message: `--data ${file}: this is a file; expected the data folder` }),
  );
});
