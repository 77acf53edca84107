/** An object as it was read, its members not yet trusted. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One record of a source: a row of a CSV file, an object of an NDJSON file, a row of a table. */
export interface SourceRecord {
  /** Name of the file or table. */
  readonly part: string;
  /** The line it begins in, from 1; of a table the number of the row. */
  readonly line: number;
  readonly value: JsonObject;
}

/** A place of a source that could not be read. */
export interface BrokenRecord {
  readonly part: string;
  readonly line: number;
  /** What is wrong, and what was expected. */
  readonly problem: string;
  /** What stands there, as far as it is text. */
  readonly text: string;
  /** Whether the rest of the file cannot be read either. */
  readonly endsPart?: boolean;
}

/** What a reader finds, in the order of the source. */
export type Found = SourceRecord | BrokenRecord;

/** One file or table of an import. */
export interface Part {
  readonly name: string;
  /** Size on disk, for the progress display; undefined where it is not known. */
  readonly bytes?: number;
  /**
   * Reads it from its beginning.
   * @param onBytes told how many bytes of `bytes` have been read so far.
   */
  read(onBytes: (bytes: number) => void): AsyncIterable<Found>;
  /** Whether its records come in another order each time: then it is imported from its beginning again where it was interrupted. */
  readonly hasNoOrder?: boolean;
}
