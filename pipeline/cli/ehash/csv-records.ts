import { isUtf8 } from 'node:buffer';
import { UserError } from '../../config/user-error.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
/** Comma, semicolon, tab. */
const DELIMITERS = [0x2c, 0x3b, 0x09] as const;

/** A record as it stands in the file. */
export interface CsvRecord {
  /** The line it begins in, from 1. */
  readonly line: number;
  /** Without the line break. */
  readonly bytes: Buffer;
  /** The line break: CRLF, LF, CR, or nothing at the end of the file. */
  readonly ending: Buffer;
  /** Where each field ends in `bytes`: before its delimiter, the last at the length. */
  readonly fieldEnds: readonly number[];
}

/** A longer record is taken for a quote that nobody closed: reading on would bring the whole file into memory. */
const LONGEST_RECORD_MB = 4;

/**
 * Finds records and fields in the bytes of a CSV file, and decodes and changes none (RFC 4180; a quote counts only at the
 * beginning of a field, as spreadsheets read it). In UTF-8 the bytes of delimiters, quotes and line breaks stand for nothing
 * else, so the bytes are enough.
 *
 * The delimiter is the one of comma, semicolon and tab that divides the first record into most fields. CR alone ends a line
 * only in a file whose first line it ends.
 */
export class CsvSplitter {
  readonly #file: string;
  /** What has not become a record yet. */
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  /** Undefined before the first record is complete. */
  #delimiter: number | undefined;
  #endsWithCr = false;

  /** @param file its name, for messages. */
  constructor(file: string) {
    this.#file = file;
  }

  /** The byte between fields; a comma as long as nothing is known. */
  get delimiter(): number {
    return this.#delimiter ?? DELIMITERS[0];
  }

  /** The records that the chunk completes. @throws UserError where the bytes are no UTF-8 or a record does not end. */
  push(chunk: Buffer): CsvRecord[] {
    const records = this.#take(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]), false);
    if (this.#rest.length > LONGEST_RECORD_MB * 2 ** 20) {
      throw this.#error(this.#line, `a record of more than ${LONGEST_RECORD_MB} MB begins here: a quote in it is probably never closed`);
    }
    return records;
  }

  /** The last record, where no line break ends it. @throws UserError where its quote is open. */
  end(): CsvRecord[] {
    return this.#take(this.#rest, true);
  }

  #take(bytes: Buffer, isEnd: boolean): CsvRecord[] {
    const records: CsvRecord[] = [];
    let start = 0;
    while (start < bytes.length) {
      const record = this.#recordAt(bytes, start, isEnd);
      if (!record) break;
      records.push(record);
      start += record.bytes.length + record.ending.length;
    }
    this.#rest = bytes.subarray(start);
    return records;
  }

  /** Undefined where its end is not there yet. */
  #recordAt(bytes: Buffer, start: number, isEnd: boolean): CsvRecord | undefined {
    const isFirst = this.#delimiter === undefined;
    const delimiters: number[] = [];
    let isFieldStart = true;
    let isQuoted = false;
    let quoteLine = 0;
    let line = this.#line;
    let at = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (isQuoted) {
        if (byte === LF) line++;
        if (byte !== QUOTE) continue;
        // Two quotes are one that belongs to the value.
        if (bytes[at + 1] === QUOTE) at++;
        else isQuoted = false;
        continue;
      }
      if (byte === LF || (byte === CR && this.#isLineBreak(bytes, at))) break;
      if (byte === QUOTE && isFieldStart) {
        isQuoted = true;
        quoteLine = line;
      }
      isFieldStart = isFirst ? DELIMITERS.some((one) => one === byte) : byte === this.#delimiter;
      if (isFieldStart) delimiters.push(at - start);
    }
    // The last byte of a chunk may be half of a pair of quotes or of CRLF.
    if (!isEnd && (at >= bytes.length || (bytes[at] === CR && at + 1 === bytes.length))) return undefined;
    if (isQuoted) throw this.#error(quoteLine, 'a quote is opened here and never closed');
    const isCrLf = at > start && bytes[at - 1] === CR && (bytes[at] === LF || at >= bytes.length);
    const end = isCrLf ? at - 1 : at;
    const text = bytes.subarray(start, end);
    const ending = bytes.subarray(end, at + 1);
    if (!isUtf8(text)) throw this.#error(this.#line, 'the text is not UTF-8: save the file as "CSV UTF-8" (Excel) or export it as UTF-8');
    if (isFirst) {
      this.#delimiter = mostFrequent(delimiters.map((place) => text[place]!));
      this.#endsWithCr = ending.length === 1 && ending[0] === CR;
    }
    const record = {
      line: this.#line,
      bytes: text,
      ending,
      fieldEnds: [...delimiters.filter((place) => text[place] === this.#delimiter), text.length],
    };
    this.#line = line + (ending.length > 0 ? 1 : 0);
    return record;
  }

  /** Whether the CR is more than half a line break or a stray character. */
  #isLineBreak(bytes: Buffer, at: number): boolean {
    return this.#endsWithCr || (this.#delimiter === undefined && bytes[at + 1] !== LF);
  }

  #error(line: number, message: string): UserError {
    return new UserError(`${this.#file}:${line}: ${message}`);
  }
}

/** The first of the delimiters where none is in the lead. */
function mostFrequent(found: readonly number[]): number {
  const counts = DELIMITERS.map((delimiter) => found.filter((one) => one === delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

/** The text of a field, without the quotes around it. */
export function fieldText({ bytes, fieldEnds }: CsvRecord, field: number): string {
  const text = bytes.toString('utf8', fieldStart(fieldEnds, field), fieldEnds[field]);
  return /^"(?:[^"]|"")*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** Where a field begins: behind the delimiter of the one before. */
export function fieldStart(fieldEnds: readonly number[], field: number): number {
  return field === 0 ? 0 : fieldEnds[field - 1]! + 1;
}
