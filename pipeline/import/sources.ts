import { UserError } from '../config/user-error.ts';
import { ga4Event } from './ga4/event.ts';
import { mapper } from './mapping/apply.ts';
import { checkColumns, type Header, mappingByName } from './mapping/columns.ts';
import type { Mapping } from './mapping/mapping.ts';
import type { Convert } from './message.ts';
import { csvHeader, csvRecords } from './read/csv-records.ts';
import type { ImportFile } from './read/files.ts';
import { jsonRecords } from './read/json-records.ts';
import type { Part } from './records.ts';
import { segmentEvent } from './segment.ts';
import { DamagedFile } from './read/bytes.ts';
import { OpenQuote } from './read/csv-parser.ts';

/** What `--format` may be. */
export const FORMATS = ['csv', 'ndjson', 'segment', 'ga4'] as const;
export type Format = (typeof FORMATS)[number];

/** How files become events. */
export interface FileSource {
  readonly parts: readonly Part[];
  readonly convert: Convert;
  /** Undefined where the format itself says what is what. */
  readonly mapping: Mapping | undefined;
}

/**
 * The files as a source of events.
 * @param mapping of CSV and NDJSON; without it CSV columns are known by their names, and NDJSON holds events of the wire format.
 * @throws UserError (exit code 2) where the mapping does not fit the files, or is missing.
 */
export async function fileSource(
  format: Format,
  files: readonly ImportFile[],
  mapping: { mapping: Mapping; name: string } | undefined,
): Promise<FileSource> {
  const read = format === 'csv' ? csvRecords : jsonRecords;
  const parts = files.map((file): Part => ({ name: file.path, bytes: file.bytes, read: (onBytes) => read(file.path, file.path, onBytes) }));
  if (format === 'csv') {
    const { headers, problem } = await headersOf(files);
    if (headers.length === 0 && problem !== undefined) throw new UserError(problem, { exitCode: 2 });
    if (mapping) checkColumns(mapping.mapping, headers, mapping.name);
    const used = mapping?.mapping ?? mappingByName(headers);
    return { parts, convert: mapper(used), mapping: used };
  }
  if (format === 'ga4') return { parts, convert: ga4Event, mapping: undefined };
  if (format === 'segment' || !mapping) return { parts, convert: segmentEvent, mapping: undefined };
  return { parts, convert: mapper(mapping.mapping), mapping: mapping.mapping };
}

/**
 * The headers that can be read, and what is wrong with the first file that has none. (A file that cannot be read is reported when its
 * turn comes, where another one tells what the columns hold.)
 */
async function headersOf(files: readonly ImportFile[]): Promise<{ headers: readonly Header[]; problem: string | undefined }> {
  const headers: Header[] = [];
  let problem: string | undefined;
  for (const { path } of files) {
    try {
      const columns = await csvHeader(path);
      if (/^[{[]/.test(columns[0] ?? '')) problem ??= `${path}: this is JSON, not CSV; expected --format ndjson, segment or ga4`;
      else if (columns.length > 0) headers.push({ file: path, columns });
      else problem ??= `${path}: the file is empty; expected a header with the names of the columns`;
    } catch (error) {
      if (error instanceof DamagedFile) problem ??= `${path}: ${error.message}`;
      else if (error instanceof OpenQuote) problem ??= `${path}:${error.line}: ${error.message}`;
      else throw error;
    }
  }
  return { headers, problem };
}
