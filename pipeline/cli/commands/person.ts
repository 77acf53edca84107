import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { UserError } from '../../config/user-error.ts';
import { exportPerson } from '../../privacy/export.ts';
import type { Joined, WeaklyJoined } from '../../privacy/joined-ids.ts';
import { namedPerson, type PersonOptions } from '../../privacy/person-ids.ts';
import { globalOptions } from '../options.ts';
import { renderNotIncluded } from '../render/erasure.ts';
import { joinedOption } from './joined-option.ts';
import { writeNotice, writeResult } from './output.ts';
import { readWarehouse } from './read-warehouse.ts';

interface ExportOptions extends PersonOptions {
  readonly joined: Joined;
  readonly out?: string;
}

const NOTES = `
One JSON document with identifiers, events, sessions, conversions and credits, rows of the CRM, and what is not processed yet. It is
personal data: a file is written for your user alone.

Examples:
  $ touchtrail person export --email jane@example.com --out jane.json
  $ touchtrail person export --anonymous-id 3f0c8a52-… | jq '.sessions.rows[].channel'
`;

/** `touchtrail person`: what is stored of somebody. */
export function registerPerson(program: Command): void {
  program
    .command('person')
    .description('What is stored of a person.')
    .command('export')
    .description('All data of a person as JSON.')
    .option('--anonymous-id <id>', 'the cookie value of a browser')
    .option('--user-id <id>', "the site's own id of a user")
    .option('--email <address>', 'an address, or its SHA-256 in hex')
    .addOption(joinedOption())
    .option('--out <file>', 'where to write it (default: stdout)')
    .addHelpText('after', NOTES)
    .action(async ({ out, joined, ...given }: ExportOptions, self: Command) => {
      const { dataFolder, configFile } = globalOptions(self);
      const person = namedPerson(given);
      const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
      let others: readonly WeaklyJoined[] = [];
      const counts = await toFileOrStdout(out, (write) =>
        readWarehouse(config, dataFolder, (warehouse) =>
          exportPerson({
            warehouse,
            config,
            dataFolder,
            person,
            joined,
            onLeftOut: (found) => (others = found),
            now: new Date().toISOString(),
            write,
          }),
        ),
      );
      const held = Object.entries(counts).filter(([, count]) => count > 0);
      writeNotice(
        held.length === 0
          ? 'nothing is stored of this person'
          : held.map(([name, count]) => `${count.toLocaleString('en')} ${name}`).join(', '),
      );
      if (others.length > 0) writeNotice(renderNotIncluded(others).trimEnd());
    });
}

/** The file appears whole or not at all. @throws UserError where it cannot be written. */
async function toFileOrStdout<Result>(
  out: string | undefined,
  work: (write: (text: string) => Promise<void> | void) => Promise<Result>,
): Promise<Result> {
  if (out === undefined) return work(writeResult);
  const file = path.resolve(out);
  const aside = `${file}.${process.pid}.tmp`;
  let handle: FileHandle;
  try {
    handle = await open(aside, 'wx', 0o600);
  } catch (cause) {
    throw new UserError(`--out ${out}: cannot be written: ${(cause as Error).message}`, { cause });
  }
  try {
    const result = await work(async (text) => handle.appendFile(text));
    await handle.sync();
    await handle.close();
    await rename(aside, file);
    return result;
  } catch (error) {
    await handle.close();
    await rm(aside, { force: true });
    throw error;
  }
}
