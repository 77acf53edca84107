import { readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/schema.ts';
import { UserError } from '../config/user-error.ts';
import { ECB_BASE, type EcbFile, mergeEcbFiles, readEcbFile, writeEcbFile } from './ecb-file.ts';

/** What a file of rates held, and what the project's file holds now. */
export interface LoadedRates {
  /** The file that the config names, absolute. */
  readonly target: string;
  /** Whether it is the file that was given itself: then it was only checked. */
  readonly isChecked: boolean;
  readonly given: RateSummary;
  readonly now: RateSummary;
}

export interface RateSummary {
  readonly days: number;
  /** YYYY-MM-DD. */
  readonly first: string;
  readonly last: string;
  readonly currencies: readonly string[];
}

/**
 * Checks a file of rates and adds its days to the file that the config names; days that both have are taken from it. The
 * next run converts with them.
 * @throws UserError (exit code 2) where the config names no file; where the file is no file of rates, naming the line.
 */
export async function loadRates(file: string, config: Config, configFolder: string): Promise<LoadedRates> {
  const { rates, project } = config;
  if (rates === undefined) {
    throw new UserError("the config names no rates; add `rates: { csv: 'rates.csv' }`, and run this again", { exitCode: 2 });
  }
  if (!('csv' in rates)) {
    throw new UserError(`rates come from the table ${rates.table}: load the file into it, or name a file with rates.csv`, { exitCode: 2 });
  }
  const target = path.resolve(configFolder, rates.csv);
  const given = readEcbFile(await textOf(file), file);
  const needed = project.currency;
  if (needed !== ECB_BASE && !given.currencies.includes(needed)) {
    throw new UserError(
      `${file}: there is no column ${needed}, the currency of the project; expected one beside ${given.currencies.join(', ')}`,
    );
  }
  const isChecked = (await realPath(file)) === (await realPath(target));
  const known = isChecked ? given : await knownRates(target);
  const all = known ? mergeEcbFiles(known, given) : given;
  if (!isChecked) await writeWhole(target, writeEcbFile(all));
  return { target, isChecked, given: summaryOf(given), now: summaryOf(all) };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file} cannot be read; expected a CSV file of exchange rates`, { exitCode: 2, cause: error });
  }
}

/** The rates of the file that the config names; undefined where there is none yet. */
async function knownRates(target: string): Promise<EcbFile | undefined> {
  if ((await realPath(target)) === undefined) return undefined;
  return readEcbFile(await textOf(target), target);
}

/** Where a path leads to; undefined where there is nothing. */
async function realPath(file: string): Promise<string | undefined> {
  try {
    return await realpath(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(`${file} cannot be read`, { cause: error });
  }
}

/** Beside the file, then renamed: a run that reads it finds the old rates or the new ones. */
async function writeWhole(target: string, text: string): Promise<void> {
  const unfinished = `${target}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, text, { flush: true });
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new UserError(`cannot write ${target}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function summaryOf({ currencies, days }: EcbFile): RateSummary {
  const dates = [...days.keys()].sort();
  return { days: dates.length, first: dates[0]!, last: dates.at(-1)!, currencies };
}
