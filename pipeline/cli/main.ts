import { Command } from 'commander';
import { COMMANDS } from './commands.ts';
import { reportError } from './errors.ts';
import { addGlobalOptions } from './options.ts';
import { version } from './version.ts';

/**
 * The command line. Results go to stdout, progress and errors to stderr.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage or config.
 */
export async function main(args: readonly string[]): Promise<number> {
  // `touchtrail report | head` closes the pipe early: that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`error: cannot write the result: ${error.message}\n`);
    process.exit(1);
  });
  // Progress that nobody reads any more, or that cannot be written, stops no run.
  process.stderr.on('error', () => {});
  try {
    const program = await createProgram(commandIn(args));
    await program.parseAsync(args, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    return reportError(error, args.includes('--debug'), (text) => process.stderr.write(text));
  }
}

const EXAMPLES = `
Examples:
  $ npx touchtrail init --name Fernhill --time-zone Europe/Berlin
  $ npx touchtrail up
  $ npx touchtrail run
  $ npx touchtrail report --last 8m
`;

/**
 * The program; parsing throws a `CommanderError` instead of ending the process.
 * @param only the command to load: the others are not there then. Without it all are there by name and description, as the help
 * shows them, and none can be run.
 */
export async function createProgram(only?: string): Promise<Command> {
  const program = new Command('touchtrail')
    .description('First-party marketing attribution: from the first ad click to the closed deal, on your own infrastructure.')
    .version(version())
    .showHelpAfterError('(add --help for usage and an example)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  addGlobalOptions(program);
  program.addHelpText('after', EXAMPLES);
  const called = COMMANDS.find(({ name }) => name === only);
  if (called) (await called.load())(program);
  else for (const { name, description } of COMMANDS) program.command(name).description(description);
  return program;
}

/** The command that a line calls, or asks about: `report` of `--data folder report` and of `help report`. */
function commandIn(args: readonly string[]): string | undefined {
  const globals = new Command();
  addGlobalOptions(globals);
  const { operands } = globals.parseOptions([...args]);
  return operands[0] === 'help' ? operands[1] : operands[0];
}
