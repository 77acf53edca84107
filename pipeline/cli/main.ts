import { Command } from 'commander';
import { registerConversions } from './commands/conversions.ts';
import { registerDashboard } from './commands/dashboard.ts';
import { registerDiff } from './commands/diff.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEhash } from './commands/ehash.ts';
import { registerErase } from './commands/erase.ts';
import { registerFunnel } from './commands/funnel.ts';
import { registerIdentity } from './commands/identity.ts';
import { registerImport } from './commands/import.ts';
import { registerInit } from './commands/init.ts';
import { registerJourney } from './commands/journey.ts';
import { registerKeys } from './commands/keys.ts';
import { registerMcp } from './commands/mcp.ts';
import { registerModels } from './commands/models.ts';
import { registerPerson } from './commands/person.ts';
import { registerPublications } from './commands/publications.ts';
import { registerQuery } from './commands/query.ts';
import { registerReconcile } from './commands/reconcile.ts';
import { registerReplay } from './commands/replay.ts';
import { registerReport } from './commands/report.ts';
import { registerRun } from './commands/run.ts';
import { registerSources } from './commands/sources.ts';
import { registerTail } from './commands/tail.ts';
import { registerUp } from './commands/up.ts';
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
  const program = createProgram();
  try {
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

/** All commands; parsing throws a `CommanderError` instead of ending the process. */
export function createProgram(): Command {
  const program = new Command('touchtrail')
    .description('First-party marketing attribution: from the first ad click to the closed deal, on your own infrastructure.')
    .version(version())
    .showHelpAfterError('(add --help for usage and an example)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  addGlobalOptions(program);
  program.addHelpText('after', EXAMPLES);
  for (const register of [
    registerInit,
    registerUp,
    registerRun,
    registerImport,
    registerReport,
    registerFunnel,
    registerJourney,
    registerDashboard,
    registerMcp,
    registerIdentity,
    registerSources,
    registerConversions,
    registerModels,
    registerPublications,
    registerDiff,
    registerQuery,
    registerTail,
    registerReconcile,
    registerReplay,
    registerKeys,
    registerEhash,
    registerPerson,
    registerErase,
    registerDoctor,
  ]) {
    register(program);
  }
  return program;
}
