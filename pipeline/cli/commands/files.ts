import type { Command } from 'commander';
import { flatCsv } from '../../query/export/csv.ts';
import { writeParquet } from '../../query/export/parquet.ts';
import { toJson } from '../render/json.ts';
import type { TableView } from '../render/view.ts';
import { screenOf, writeResult } from './output.ts';

/** What {@link addFileOptions} declares. */
export interface FileOptions {
  readonly csv?: boolean;
  readonly parquet?: string;
}

/** Declares the options of {@link FileOptions}. @param rows what a row of the table is, where that is not that of the terminal. */
export function addFileOptions(command: Command, rows?: string): Command {
  return command
    .option('--csv', `comma-separated values${rows === undefined ? '' : `: ${rows}`}`)
    .option('--parquet <file>', 'writes the same table as a Parquet file with typed columns');
}

/** Whether the answer is for a program, and so has all rows. */
export const isForProgram = ({ csv, parquet }: FileOptions, json: boolean): boolean => json || csv === true || parquet !== undefined;

/**
 * Writes an answer: a Parquet file where one is asked for, and to stdout JSON, CSV, or text where nothing else is asked for.
 * @throws UserError (exit code 2) where the file cannot be written.
 */
export async function writeView(view: TableView, { csv, parquet }: FileOptions, json: boolean): Promise<void> {
  if (parquet !== undefined) await writeParquet(parquet, view.table());
  if (json) writeResult(toJson(view.data));
  else if (csv) writeResult(flatCsv(view.table()));
  else if (parquet === undefined) writeResult(view.text(screenOf()));
}
