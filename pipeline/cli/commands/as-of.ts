import type { Command } from 'commander';

/** What {@link addAsOfOption} declares. */
export interface AsOfOptions {
  readonly asOf?: string;
}

/** Declares `--as-of` on a command that reads publications. */
export function addAsOfOption(command: Command): Command {
  return command.option(
    '--as-of <publication>',
    'read an earlier publication: its id, the date or the instant it was the last one of (see `touchtrail publications`)',
  );
}
