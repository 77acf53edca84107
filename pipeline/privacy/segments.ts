import { createReadStream, existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../embedded/durable.ts';
import type { LineJudge } from '../../edge/contract/erased-lines.ts';
import { type ErasedRow, erasedRow } from './landed-lines.ts';
import { lineNamesErased } from './rejected-lines.ts';

/** What became of one file. */
export interface CleanedFile {
  readonly file: string;
  /** Lines that were taken out. */
  readonly lines: number;
}

/**
 * Takes the lines of erased persons out of NDJSON files, each replaced whole or not at all, and durably. Lines that stay are
 * the same bytes as before.
 * @param record is told the rows of each file before the file is replaced: a killed erasure then knows them, or finds them again.
 */
export async function cleanFiles(
  files: readonly string[],
  judge: LineJudge,
  record: (rows: readonly ErasedRow[]) => Promise<void>,
): Promise<CleanedFile[]> {
  const cleaned: CleanedFile[] = [];
  for (const file of files) {
    const found = await erasedLines(file, judge);
    if (found.lines === 0) continue;
    await record(found.rows);
    await rewrite(file, judge);
    cleaned.push({ file, lines: found.lines });
  }
  return cleaned;
}

/** Lines of erased persons in a file, with what the accounts remember of them. */
async function erasedLines(file: string, judge: LineJudge): Promise<{ lines: number; rows: ErasedRow[] }> {
  const rows: ErasedRow[] = [];
  let lines = 0;
  for await (const line of linesOf(file)) {
    const text = line.toString('utf8');
    if (!lineNamesErased(text, judge)) continue;
    lines++;
    const row = erasedRow(text);
    if (row) rows.push(row);
  }
  return { lines, rows };
}

/** How many lines of erased persons files still hold. */
export async function countErasedLines(files: readonly string[], judge: LineJudge): Promise<number> {
  let lines = 0;
  for (const file of files) lines += (await erasedLines(file, judge)).lines;
  return lines;
}

async function rewrite(file: string, judge: LineJudge): Promise<void> {
  const folder = dirname(file);
  const aside = join(folder, `.${basename(file)}.erasing`);
  const { mode } = await stat(file);
  await rm(aside, { force: true });
  const output = await open(aside, 'wx', mode & 0o777);
  try {
    let kept: Buffer[] = [];
    let bytes = 0;
    for await (const line of linesOf(file)) {
      if (lineNamesErased(line.toString('utf8'), judge)) continue;
      kept.push(line);
      bytes += line.length;
      if (bytes > 1024 * 1024) {
        await output.appendFile(Buffer.concat(kept));
        [kept, bytes] = [[], 0];
      }
    }
    await output.appendFile(Buffer.concat(kept));
    await output.sync();
  } finally {
    await output.close();
  }
  await rename(aside, file);
  await syncFolder(folder);
}

/** The lines of a file as bytes, each with its line feed; none where the file is gone. */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  if (!existsSync(file)) return;
  let pending: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const part = chunk.subarray(start, end + 1);
      yield pending.length === 0 ? part : Buffer.concat([...pending, part]);
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}
