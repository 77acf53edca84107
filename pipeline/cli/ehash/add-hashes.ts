import { emailHash, normalizeEmail } from '../../../edge/contract/email.ts';
import { UserError } from '../../config/user-error.ts';
import { type CsvRecord, CsvSplitter, fieldStart, fieldText } from './csv-records.ts';
import { findEmailColumn } from './email-column.ts';

export interface HashOptions {
  /** Name of the file, for messages. */
  readonly file: string;
  /** Name of the column with the addresses; undefined: it is searched for. */
  readonly column: string | undefined;
  /** Name of the column with the hashes. */
  readonly name: string;
  /** Whether a column of that name may be there, and is filled anew. */
  readonly replace: boolean;
}

/** Rows that got no hash. */
export interface Skipped {
  count: number;
  /** Lines of the first few. */
  readonly lines: number[];
}

/** What became of the rows; complete when all bytes were read. */
export interface HashCounts {
  column: string;
  rows: number;
  hashed: number;
  readonly empty: Skipped;
  readonly invalid: Skipped;
}

/** An address as a mail tool takes it: no name around it, no list. The hash of anything else would join nobody. */
const ADDRESS = /^[^\s\p{Cc}@"<>(),;:\\]+@[^\s\p{Cc}@"<>(),;:\\]+\.[^\s\p{Cc}@"<>(),;:\\.]+$/u;
const LINES_SHOWN = 5;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export function startCounts(): HashCounts {
  return { column: '', rows: 0, hashed: 0, empty: { count: 0, lines: [] }, invalid: { count: 0, lines: [] } };
}

/**
 * The CSV file with the hash of each row's address in a further column at the end of the header's columns. Every other byte
 * stays; a row that has fewer fields than the header gets the delimiters that put the hash into its column.
 * @param counts is filled on the way.
 * @throws UserError where the file is no CSV text, its columns do not fit the options, or a row has more fields than the header.
 */
export async function* addHashes(chunks: AsyncIterable<Buffer>, options: HashOptions, counts: HashCounts): AsyncGenerator<Buffer> {
  const splitter = new CsvSplitter(options.file);
  let layout: Layout | undefined;
  const change = (records: readonly CsvRecord[]): Buffer =>
    Buffer.concat(
      records.flatMap((record) => {
        if (layout) return [...changeRow(record, layout, options, counts), record.ending];
        // Excel takes the delimiter from a first line like this, and shows neither.
        if (/^sep=[,;\t]$/i.test(record.bytes.toString())) return [record.bytes, record.ending];
        layout = layoutOf(record, splitter.delimiter, options);
        counts.column = layout.names[layout.email]!;
        return [...changeHeader(record, layout, options), record.ending];
      }),
    );
  // Until the header is known to be right, nothing is handed on.
  let held: Buffer[] = [];
  for await (const chunk of withoutBom(chunks, options.file)) {
    held.push(chunk === BOM ? BOM : change(splitter.push(chunk)));
    if (!layout) continue;
    yield Buffer.concat(held);
    held = [];
  }
  held.push(change(splitter.end()));
  if (!layout) throw new UserError(`${options.file} is empty: expected a header line with the names of the columns`);
  yield Buffer.concat(held);
}

/** Where things are. */
interface Layout {
  readonly names: readonly string[];
  readonly delimiter: Buffer;
  /** Place of the addresses. */
  readonly email: number;
  /** Place of the hashes: an existing column, or the one behind the last. */
  readonly hash: number;
}

function layoutOf(header: CsvRecord, delimiter: number, { file, column, name, replace }: HashOptions): Layout {
  const names = header.fieldEnds.map((_, place) => fieldText(header, place).trim());
  const email = findEmailColumn(names, column, file);
  const existing = names.flatMap((other, place) => (other.toLowerCase() === name.toLowerCase() ? [place] : []));
  if (existing.includes(email))
    throw new UserError(`--name ${name}: this is the column with the addresses; choose another name`, { exitCode: 2 });
  if (existing.length > 1) throw new UserError(`${file}: there are ${existing.length} columns ${JSON.stringify(name)}; remove all but one`);
  if (existing.length === 1 && !replace) {
    throw new UserError(
      `${file}: there is a column ${JSON.stringify(name)} already. Fill it anew with --replace, or choose another with --name`,
    );
  }
  return { names, delimiter: Buffer.from([delimiter]), email, hash: existing[0] ?? names.length };
}

function changeHeader(header: CsvRecord, layout: Layout, { name }: HashOptions): Buffer[] {
  if (layout.hash < layout.names.length) return [header.bytes];
  const isPlain = !/[",;\t\r\n]|^\s|\s$/.test(name);
  return place(header, layout, Buffer.from(isPlain ? name : `"${name.replaceAll('"', '""')}"`));
}

function changeRow(record: CsvRecord, layout: Layout, { file }: HashOptions, counts: HashCounts): Buffer[] {
  if (record.bytes.length === 0) return [];
  const { bytes, fieldEnds, line } = record;
  const width = layout.names.length;
  // Delimiters at the end of a row mean nothing; values beyond the header mean that all may stand in a wrong column.
  const surplus = fieldEnds.length > width ? bytes.subarray(fieldEnds[width - 1]) : undefined;
  if (surplus?.some((byte) => byte !== layout.delimiter[0])) {
    throw new UserError(
      `${file}:${line}: the row has ${fieldEnds.length} fields, the header ${width}: a field that contains ${JSON.stringify(layout.delimiter.toString())} must stand in quotes`,
    );
  }
  const address = normalizeEmail(layout.email < fieldEnds.length ? fieldText(record, layout.email) : '');
  counts.rows++;
  const skipped = address === '' ? counts.empty : ADDRESS.test(address) ? undefined : counts.invalid;
  if (!skipped) counts.hashed++;
  else if (skipped.count++ < LINES_SHOWN) skipped.lines.push(line);
  return place(record, layout, Buffer.from(skipped ? '' : emailHash(address)));
}

/** The record with a value in the column of the hashes. */
function place({ bytes, fieldEnds }: CsvRecord, { names, delimiter, hash }: Layout, value: Buffer): Buffer[] {
  if (fieldEnds.length <= hash) {
    const missing = Array.from({ length: hash - fieldEnds.length + 1 }, () => delimiter);
    return [bytes, ...missing, value];
  }
  if (hash === names.length) return [bytes.subarray(0, fieldEnds[hash - 1]), delimiter, value, bytes.subarray(fieldEnds[hash - 1])];
  return [bytes.subarray(0, fieldStart(fieldEnds, hash)), value, bytes.subarray(fieldEnds[hash])];
}

/** The byte order mark as a chunk of its own, and then the text. @throws UserError where the file is of another kind. */
async function* withoutBom(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  let first: Buffer | undefined = Buffer.alloc(0);
  const begin = (bytes: Buffer): Buffer[] => {
    checkKind(bytes, file);
    return bytes.subarray(0, 3).equals(BOM) ? [BOM, bytes.subarray(3)] : [bytes];
  };
  for await (const chunk of chunks) {
    if (!first) yield chunk;
    else {
      first = Buffer.concat([first, chunk]);
      if (first.length < 4) continue;
      yield* begin(first);
      first = undefined;
    }
  }
  if (first) yield* begin(first);
}

function checkKind(bytes: Buffer, file: string): void {
  const [a, b] = bytes;
  const isUtf16 = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || bytes.subarray(0, 4).includes(0);
  if (isUtf16)
    throw new UserError(`${file}: this is no UTF-8 text but UTF-16, or no text: save it as "CSV UTF-8" (Excel) or export it as UTF-8`);
  if (bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004'))) {
    throw new UserError(`${file}: this is a spreadsheet or an archive: export it as CSV (UTF-8)`);
  }
}
