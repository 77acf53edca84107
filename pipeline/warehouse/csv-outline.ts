import { createReadStream } from 'node:fs';
import { UserError } from '../config/user-error.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** What a reader must know of a CSV file before it may trust it. */
export interface CsvOutline {
  /** The names in the first record; none for an empty file. */
  readonly header: readonly string[];
  /** Records after the header; empty lines are none. */
  readonly records: number;
  readonly lineEnd: '\n' | '\r\n';
}

interface CsvRecord {
  /** The physical line it begins on, from 1; a quoted cell may hold more lines. */
  readonly line: number;
  readonly cells: number;
}

/** The names in the first record; none for an empty file. @throws UserError where it is not separated by commas. */
export async function readHeader(file: string): Promise<string[]> {
  await refuseOtherSeparator(file);
  const scanner = new CsvScanner(file);
  await scanner.read(() => false);
  return splitRecord(scanner.recordText()).map((name) => name.trim());
}

/**
 * Checks the outline of a CSV file (RFC 4180): that every quote is closed and every record as wide as the header.
 * An engine's reader guesses where a file is broken, and a guess can cost rows.
 * @throws UserError naming the file and the line.
 */
export async function outlineOf(file: string): Promise<CsvOutline> {
  await refuseOtherSeparator(file);
  const scanner = new CsvScanner(file);
  let header: string[] = [];
  let width = 0;
  let records = -1;
  await scanner.read(({ line, cells }) => {
    records++;
    if (records === 0) {
      width = cells;
      header = splitRecord(scanner.recordText()).map((name) => name.trim());
    } else if (cells !== width) throw new UserError(`${file}:${line}: expected ${width} cells as in the header, found ${cells}`);
    return true;
  });
  return { header: header, records: Math.max(records, 0), lineEnd: scanner.lineEnd() };
}

/** How much of a file is looked at for its separator: more than any header. */
const HEADER_BYTES = 65_536;

/** Where columns are not separated by commas, every other message about the file would mislead. */
async function refuseOtherSeparator(file: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: HEADER_BYTES - 1 }) as AsyncIterable<Buffer>) chunks.push(chunk);
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split('\n', 1);
  const unquoted = line.replaceAll(/"[^"]*"/g, '');
  const other = unquoted.includes(',') ? null : /[;\t|]/.exec(unquoted);
  if (other) throw new UserError(`${file}:1: the columns seem to be separated by ${JSON.stringify(other[0])}; expected commas`);
}

/** The physical line of the first record that has this text in a cell, or an empty one for `null`. */
export async function lineOfCell(file: string, position: number, cell: string | null): Promise<number> {
  const scanner = new CsvScanner(file, true);
  let record = 0;
  let found = 0;
  await scanner.read(({ line }) => {
    if (record++ > 0 && splitRecord(scanner.recordText())[position] === (cell ?? '')) found = line;
    return found === 0;
  });
  if (found === 0) throw new RangeError(`${file} has no record with ${JSON.stringify(cell)} in cell ${position + 1}`);
  return found;
}

/** The physical line on which a record begins; the header is record 0. */
export async function lineOfRecord(file: string, record: number): Promise<number> {
  let number = -1;
  let found = 0;
  await new CsvScanner(file).read(({ line }) => {
    number++;
    if (number === record) found = line;
    return number < record;
  });
  if (found === 0) throw new RangeError(`${file} has ${number} records, not ${record}`);
  return found;
}

function splitRecord(text: string): string[] {
  if (text === '') return [];
  return Array.from(
    text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g),
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  );
}

/** `start`: at the beginning of a cell; `closing`: after a quote inside a quoted cell, which ends it or is doubled. */
type State = 'start' | 'bare' | 'quoted' | 'closing' | 'return';

/** Walks over the bytes of a CSV file; all that matters to its outline is ASCII, so nothing is decoded. */
class CsvScanner {
  readonly #file: string;
  #state: State = 'start';
  #line = 1;
  #begins = 1;
  #cells = 1;
  #empty = true;
  /** Bytes of the record: of the header, or of every one where the scanner keeps them. */
  #bytes: number[] | undefined = [];
  #recordText = '';
  readonly #keepsRecords: boolean;
  #lineFeeds = 0;
  #returns = 0;

  constructor(file: string, keepsRecords = false) {
    this.#file = file;
    this.#keepsRecords = keepsRecords;
  }

  /** The text of the last record; without `keepsRecords` that of the header. */
  recordText(): string {
    return this.#recordText;
  }

  lineEnd(): '\n' | '\r\n' {
    if (this.#returns > 0 && this.#lineFeeds > 0) {
      throw new UserError(
        `${this.#file}: ${this.#returns} lines end with CR LF and ${this.#lineFeeds} with LF; save it with one kind of line end`,
      );
    }
    return this.#returns > 0 ? '\r\n' : '\n';
  }

  /** Calls back for each record until that returns false. */
  async read(onRecord: (record: CsvRecord) => boolean): Promise<void> {
    let position = 0;
    for await (const chunk of createReadStream(this.#file) as AsyncIterable<Buffer>) {
      for (const byte of chunk) {
        if (position < 3 && byte === BYTE_ORDER_MARK[position++]) continue;
        if (this.#take(byte) && !this.#finish(onRecord)) return;
      }
    }
    if (this.#state === 'quoted') this.#fail('the quote that opens a cell of this record is never closed', this.#begins);
    if (!this.#empty) this.#finish(onRecord);
  }

  /** @returns whether the byte ended a record. */
  #take(byte: number): boolean {
    if (byte === LINE_FEED) this.#line++;
    if (this.#state === 'quoted') {
      if (byte === QUOTE) this.#state = 'closing';
    } else if (byte === LINE_FEED) {
      if (this.#state === 'return') this.#returns++;
      else this.#lineFeeds++;
      return true;
    } else if (this.#state === 'return') {
      this.#fail('a carriage return stands inside an unquoted cell');
    } else if (byte === CARRIAGE_RETURN) {
      this.#state = 'return';
      return false;
    } else if (byte === COMMA) {
      this.#cells++;
      this.#state = 'start';
    } else if (byte === QUOTE) {
      if (this.#state === 'bare') this.#fail('a quote stands inside an unquoted cell; quote the cell and double the quote');
      this.#state = 'quoted';
    } else {
      if (this.#state === 'closing') this.#fail('text follows a closing quote; a quote inside a quoted cell is doubled');
      this.#state = 'bare';
    }
    this.#empty = false;
    this.#bytes?.push(byte);
    return false;
  }

  #finish(onRecord: (record: CsvRecord) => boolean): boolean {
    const record = { line: this.#begins, cells: this.#cells };
    const empty = this.#empty;
    this.#state = 'start';
    this.#begins = this.#line;
    this.#cells = 1;
    this.#empty = true;
    if (empty) return true;
    if (this.#bytes) {
      this.#recordText = Buffer.from(this.#bytes).toString('utf8');
      this.#bytes = this.#keepsRecords ? [] : undefined;
    }
    return onRecord(record);
  }

  #fail(problem: string, line = this.#line): never {
    throw new UserError(`${this.#file}:${line}: ${problem}`);
  }
}
