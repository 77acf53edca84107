/** A record of a CSV file; `problem` where it is not well formed. */
export interface CsvRecord {
  /** The line it begins in, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  readonly problem?: string;
}

const SEPARATORS = [',', ';', '\t'] as const;
/** A longer record is taken for a quote that nobody closed: reading on would bring the whole file into memory. */
const LONGEST_RECORD = 4 * 1024 * 1024;

/** A quote that is opened and never closed. */
export class OpenQuote extends Error {
  readonly line: number;

  constructor(line: number) {
    super('a quote is opened in this record and never closed');
    this.line = line;
  }
}

/**
 * Splits the text of a CSV file into records and cells (RFC 4180; a quote counts only at the beginning of a cell, as spreadsheets
 * read it), part by part. Lines end with LF, CRLF or CR. The separator is the one of comma, semicolon and tab that divides the first
 * record into most cells. Empty lines are no records.
 */
export class CsvParser {
  #separator: string | undefined;
  /** Text before the first record is complete. */
  #beginning = '';
  #cells: string[] = [];
  #cell = '';
  #size = 0;
  #line = 1;
  #startLine = 1;
  #state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
  #endedWithCr = false;
  #problem: string | undefined;

  /** The records that the text completes. @throws OpenQuote where a record does not end. */
  push(text: string): CsvRecord[] {
    if (this.#separator !== undefined) return this.#take(text);
    this.#beginning += text;
    const header = firstRecord(this.#beginning);
    if (header === undefined && this.#beginning.length <= LONGEST_RECORD) return [];
    return this.#begin(header ?? this.#beginning);
  }

  /** The last record, where no line break ends it. @throws OpenQuote where its quote is open. */
  end(): CsvRecord[] {
    const records = this.#separator === undefined ? this.#begin(this.#beginning) : [];
    if (this.#state === 'quoted') throw new OpenQuote(this.#startLine);
    const last = this.#finish();
    return last ? [...records, last] : records;
  }

  #begin(header: string): CsvRecord[] {
    const counts = SEPARATORS.map((separator) => unquoted(header).split(separator).length);
    this.#separator = SEPARATORS[counts.indexOf(Math.max(...counts))]!;
    return this.#take(this.#beginning.replace(/^\uFEFF/, ''));
  }

  #take(text: string): CsvRecord[] {
    const separator = this.#separator!;
    const records: CsvRecord[] = [];
    for (let i = 0; i < text.length; i++) {
      const character = text[i]!;
      if (this.#endedWithCr) {
        this.#endedWithCr = false;
        if (character === '\n') continue;
      }
      if (this.#state === 'quoted') {
        // As far as nothing happens, at once.
        const quote = text.indexOf('"', i);
        const end = quote < 0 ? text.length : quote;
        const inside = text.slice(i, end);
        this.#cell += inside;
        this.#grow(inside.length);
        for (let at = inside.indexOf('\n'); at >= 0; at = inside.indexOf('\n', at + 1)) this.#line++;
        i = end;
        if (quote >= 0) this.#state = 'closed';
      } else if (character === separator) this.#endCell();
      else if (character === '\n' || character === '\r') {
        const record = this.#finish();
        if (record) records.push(record);
        this.#line++;
        this.#startLine = this.#line;
        this.#endedWithCr = character === '\r';
      } else if (character === '"' && this.#state === 'start') this.#state = 'quoted';
      else if (character === '"' && this.#state === 'closed') {
        // Two quotes are one that belongs to the value.
        this.#cell += '"';
        this.#state = 'quoted';
      } else {
        if (this.#state === 'closed') this.#problem ??= `cell ${this.#cells.length + 1} goes on behind its closing quote`;
        if (this.#state === 'start') this.#state = 'plain';
        this.#cell += character;
        this.#grow(1);
      }
    }
    return records;
  }

  #grow(characters: number): void {
    this.#size += characters;
    if (this.#size > LONGEST_RECORD) throw new OpenQuote(this.#startLine);
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = '';
    this.#state = 'start';
  }

  #finish(): CsvRecord | undefined {
    const isEmpty = this.#cells.length === 0 && this.#cell === '' && this.#state === 'start';
    this.#endCell();
    const record = { line: this.#startLine, cells: this.#cells, ...(this.#problem !== undefined && { problem: this.#problem }) };
    this.#cells = [];
    this.#size = 0;
    this.#problem = undefined;
    return isEmpty ? undefined : record;
  }
}

/** The first record of a text; undefined where its end is not there yet. */
function firstRecord(text: string): string | undefined {
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (text[i] === '\n' || text[i] === '\r') && text.slice(0, i).trim() !== '') return text.slice(0, i);
  }
  return undefined;
}

const unquoted = (text: string): string => text.replaceAll(/"(?:[^"]|"")*"/g, '');
