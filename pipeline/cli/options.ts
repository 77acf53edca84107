import { statSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../config/user-error.ts';
import { createProgress, type Progress } from './progress.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  /** Absolute. */
  readonly dataFolder: string;
  /** As given; undefined: the default names in the working folder. */
  readonly configFile: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** Declares the options of {@link GlobalOptions}. */
export function addGlobalOptions(program: Command): void {
  program
    .option('--data <folder>', 'data folder', './data')
    .option('--config <file>', 'config file (default: ./touchtrail.config.ts)')
    .option('--json', 'results and progress as JSON')
    .option('--quiet', 'no progress on stderr')
    .option('--debug', 'stack traces of errors');
}

/** The global options as they were given to a command, wherever on the line they stood. @throws UserError where --data is a file. */
export function globalOptions(command: Command): GlobalOptions {
  const options = command.optsWithGlobals<{ data: string; config?: string; json?: boolean; quiet?: boolean; debug?: boolean }>();
  const dataFolder = path.resolve(options.data);
  if (statSync(dataFolder, { throwIfNoEntry: false })?.isFile()) {
    throw new UserError(`--data ${options.data}: this is a file; expected the data folder`, { exitCode: 2 });
  }
  return {
    dataFolder,
    configFile: options.config,
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    debug: options.debug ?? false,
  };
}

/** Said where a command has made the data folder: it may be a mistyped one. */
export function newFolderNotice(dataFolder: string): string {
  return `made a new data folder ${dataFolder} (--data names another)`;
}

/** The progress display that the options ask for, on stderr. */
export function progressFor(options: GlobalOptions): Progress {
  return createProgress({ json: options.json, quiet: options.quiet });
}
