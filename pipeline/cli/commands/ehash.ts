import { once } from 'node:events';
import { createReadStream, createWriteStream, fstatSync, type Stats, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { UserError } from '../../config/user-error.ts';
import { addHashes, type HashCounts, type Skipped, startCounts } from '../ehash/add-hashes.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { writeNotice, writeResult } from './output.ts';

interface EhashOptions {
  readonly column?: string;
  readonly out?: string;
  readonly name: string;
  readonly replace?: boolean;
}

const EXAMPLES = `
Mail tools put the value of this column into the links of each recipient: https://www.example.com/?ehash=…
The delimiter (comma, semicolon, tab), quotes and line breaks stay as they are. The text must be UTF-8.

Examples:
  $ touchtrail ehash contacts.csv --out contacts-ehash.csv
  $ touchtrail ehash contacts.csv --column "Work e-mail" > contacts-ehash.csv
`;

/** `touchtrail ehash`: the hash of each contact's address as a column, for links in e-mails. */
export function registerEhash(program: Command): void {
  program
    .command('ehash')
    .description('Add the column ehash, the SHA-256 of the e-mail address, to a CSV file of contacts.')
    .argument('<file>', 'CSV file with a header line')
    .option('--column <name>', 'column with the addresses (default: the one that looks like it)')
    .option('--out <file>', 'file to write (default: stdout)')
    .option('--name <name>', 'name of the new column', 'ehash')
    .option('--replace', 'fill a column of that name anew')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: EhashOptions, self: Command) => {
      const { json, quiet } = globalOptions(self);
      const { column, name, replace = false, out } = options;
      if (name.trim() === '') throw new UserError('--name: expected the name of the new column', { exitCode: 2 });
      const input = statOf(file);
      refuseToOverwrite(input, file, out);
      const counts = startCounts();
      const chunks = checked(addHashes(createReadStream(file), { file, column, name: name.trim(), replace }, counts), file, counts);
      if (out === undefined) await writeToStdout(chunks);
      else await writeWhole(out, chunks, input.mode & 0o777);
      const summary = json ? toJson(summaryOf(file, out, counts)) : `${sentenceOf(counts)}\n`;
      // Without --out, the contacts are the result.
      if (out !== undefined) writeResult(json ? summary : `${out}: ${summary}`);
      else if (!quiet || counts.hashed < counts.rows) writeNotice(summary.trimEnd());
    });
}

/** The hashed file, and an error at its end where no row had an address: the wrong column is no result. */
async function* checked(chunks: AsyncIterable<Buffer>, file: string, counts: HashCounts): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(`cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
  if (counts.rows > 0 && counts.hashed === 0) {
    throw new UserError(
      `${file}: no row has an e-mail address in the column ${JSON.stringify(counts.column)}: say which has with --column`,
    );
  }
}

async function writeToStdout(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) if (chunk.length > 0 && !process.stdout.write(chunk)) await once(process.stdout, 'drain');
}

/** Writes beside the file and renames: whoever reads it finds the old contents or all of the new. */
async function writeWhole(out: string, chunks: AsyncIterable<Buffer>, mode: number): Promise<void> {
  const unfinished = path.join(path.dirname(out), `.${path.basename(out)}.${process.pid}.tmp`);
  try {
    await pipeline(chunks, createWriteStream(unfinished, { flush: true, mode }));
    await rename(unfinished, out);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error instanceof UserError ? error : new UserError(`cannot write ${out}: ${messageOf(error)}`, { cause: error });
  }
}

function statOf(file: string): Stats {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) throw new UserError(`there is no file ${path.resolve(file)}`, { exitCode: 2 });
  if (stat.isDirectory()) throw new UserError(`${file} is a folder: expected a CSV file`, { exitCode: 2 });
  return stat;
}

/** The list of contacts may be the only one. Links and redirections lead to it, too. */
function refuseToOverwrite(input: Stats, file: string, out: string | undefined): void {
  const target = out === undefined ? fstatSync(1) : statSync(out, { throwIfNoEntry: false });
  if (target?.isDirectory()) throw new UserError(`--out ${out}: this is a folder; expected a file`, { exitCode: 2 });
  if (target?.isFile() && target.dev === input.dev && target.ino === input.ino) {
    throw new UserError(`the output is ${file} itself, which would be lost: choose another file`, { exitCode: 2 });
  }
}

function summaryOf(file: string, out: string | undefined, { column, rows, hashed, empty, invalid }: HashCounts): object {
  return {
    file,
    out: out ?? null,
    column,
    rows,
    hashed,
    empty: empty.count,
    empty_lines: empty.lines,
    invalid: invalid.count,
    invalid_lines: invalid.lines,
  };
}

/** `3 rows, 1 hashed from the column "email"; no hash: 1 without an address (line 3), 1 with an invalid one (line 4)` */
function sentenceOf({ column, rows, hashed, empty, invalid }: HashCounts): string {
  const skipped = [skippedPart(empty, 'without an address'), skippedPart(invalid, 'with an invalid one')].filter(
    (part) => part !== undefined,
  );
  const all = `${rows} ${rows === 1 ? 'row' : 'rows'}, ${hashed} hashed from the column ${JSON.stringify(column)}`;
  return skipped.length === 0 ? all : `${all}; no hash: ${skipped.join(', ')}`;
}

function skippedPart({ count, lines }: Skipped, what: string): string | undefined {
  if (count === 0) return undefined;
  return `${count} ${what} (${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}${count > lines.length ? ' …' : ''})`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
