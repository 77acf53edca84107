import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../config/user-error.ts';
import { syncFolder } from '../embedded/durable.ts';
import type { Position, RejectedRecord } from './batches.ts';
import { type Counts, NOTHING } from './counts.ts';
import { redacted } from './redact.ts';

/** What makes an import the same one: only such a one is resumed. */
export interface ImportIdentity {
  readonly format: string;
  /** Its files with size and time of change, or its tables. */
  readonly parts: readonly (readonly [name: string, bytes: number, modified: number])[];
  /** The text of the mapping and the options that decide what is imported. */
  readonly options: readonly (string | null)[];
}

/** How far an import has come. */
export interface Progress {
  readonly end: Position;
  readonly counts: Counts;
  /** Length of the file of rejected records. */
  readonly rejectedBytes: number;
  readonly damaged: readonly string[];
}

/** One line of a journal: how it began, then how far it has come. */
type JournalLine = { readonly identity: ImportIdentity; readonly fingerprint: string } | Progress | { readonly done: true };

const BEGINNING: Progress = { end: { part: 0, line: 0 }, counts: NOTHING, rejectedBytes: 0, damaged: [] };

const JOURNAL = 'journal.ndjson';
const REJECTED = 'rejected.ndjson';

/**
 * What is written down of an import, in `imports/<id>/` of the data folder: how far it is, and the records that were rejected.
 * Invariant: a position is written, and synced, only after the edge has acknowledged everything before it, and after the rejected
 * records before it are synced. So an import that is killed at any moment goes on without loss; the batch that was on its way is sent
 * again, and its message ids make copies of what the edge has already.
 */
export class ImportJournal {
  readonly folder: string;
  /** Where the import begins or goes on. */
  readonly start: Progress;
  readonly #journal: FileHandle;
  readonly #rejected: FileHandle;
  #rejectedBytes: number;

  private constructor(folder: string, start: Progress, journal: FileHandle, rejected: FileHandle) {
    this.folder = folder;
    this.start = start;
    this.#journal = journal;
    this.#rejected = rejected;
    this.#rejectedBytes = start.rejectedBytes;
  }

  /** @param now names the folder. */
  static async begin(dataFolder: string, identity: ImportIdentity, now: Date): Promise<ImportJournal> {
    const fingerprint = fingerprintOf(identity);
    const stamp = now
      .toISOString()
      .replaceAll(/[-:]/g, '')
      .replace(/\.(\d+)Z$/, '$1Z');
    const folder = path.join(importsFolder(dataFolder), `${stamp}-${fingerprint.slice(0, 8)}`);
    // What lies here is personal data of the visitors, as far as it is theirs.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const journal = new ImportJournal(folder, BEGINNING, ...(await filesIn(folder, 'wx')));
    await journal.#write({ identity, fingerprint });
    await syncFolder(folder);
    await syncFolder(path.dirname(folder));
    return journal;
  }

  /**
   * Goes on with an import where it stopped.
   * @param isOrdered whether a part gives its records in the same order again; else it begins with that part anew.
   */
  static async resume({ folder, noted }: EarlierImport, isOrdered: (part: number) => boolean): Promise<ImportJournal> {
    const start = noted.findLast(({ end }) => end.line === 0 || isOrdered(end.part)) ?? BEGINNING;
    const [journal, rejected] = await filesIn(folder, 'r+');
    // What was written after the last position, or torn, is written anew.
    const { size } = await rejected.stat();
    // It is shorter where somebody was erased in between.
    const rejectedBytes = Math.min(size, start.rejectedBytes);
    await rejected.truncate(rejectedBytes);
    const text = await readFile(path.join(folder, JOURNAL));
    await journal.truncate(text.lastIndexOf(0x0a) + 1);
    return new ImportJournal(folder, { ...start, rejectedBytes }, journal, rejected);
  }

  /** The file of the rejected records. */
  get rejectedFile(): string {
    return rejectedFileIn(this.folder);
  }

  /** Notes that everything before a position is done. @param rejected since the last one. */
  async note(end: Position, counts: Counts, rejected: readonly RejectedRecord[], damaged: readonly string[]): Promise<void> {
    if (rejected.length > 0) {
      const text = rejected.map((record) => `${JSON.stringify(lineOf(record))}\n`).join('');
      const bytes = Buffer.from(text);
      await this.#rejected.write(bytes, 0, bytes.length, this.#rejectedBytes);
      await this.#rejected.datasync();
      this.#rejectedBytes += bytes.length;
    }
    await this.#write({ end, counts, rejectedBytes: this.#rejectedBytes, damaged });
  }

  async finish(): Promise<void> {
    await this.#write({ done: true });
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#rejected.close();
  }

  async #write(line: JournalLine): Promise<void> {
    const { size } = await this.#journal.stat();
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    await this.#journal.write(bytes, 0, bytes.length, size);
    await this.#journal.datasync();
  }
}

const importsFolder = (dataFolder: string): string => path.join(dataFolder, 'imports');

const filesIn = async (folder: string, flags: 'wx' | 'r+'): Promise<[FileHandle, FileHandle]> => [
  await open(path.join(folder, JOURNAL), flags, 0o600),
  await open(path.join(folder, REJECTED), flags, 0o600),
];

const fingerprintOf = (identity: ImportIdentity): string => createHash('sha256').update(JSON.stringify(identity)).digest('hex');

function lineOf({ part, line, reason, path: at, detail, text }: RejectedRecord): object {
  return {
    file: part,
    line,
    reason,
    ...(at && { path: at }),
    ...(detail && { detail: redacted(detail) }),
    record: recordOf(redacted(text)),
  };
}

/** As an object where it is one: whoever looks for a visitor's id finds it under its name. */
function recordOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A line that is broken or was cut: its text.
    return text;
  }
}

/** An import that was begun before. */
export interface EarlierImport {
  readonly folder: string;
  /** Whether everything is done. */
  readonly isComplete: boolean;
  /** How far it had come, from its beginning on; nothing where it ended before the first batch. */
  readonly noted: readonly Progress[];
}

/** How far an earlier import has come, as it says itself. */
export const latestOf = ({ noted }: EarlierImport): Progress => noted.at(-1) ?? BEGINNING;

/** The file of the rejected records of an import. */
export const rejectedFileIn = (folder: string): string => path.join(folder, REJECTED);

/**
 * The latest import of the same files with the same options; undefined where none has written down that it began.
 * @throws UserError where one of the files has changed since it was imported with these options.
 */
export function earlierImport(dataFolder: string, identity: ImportIdentity): EarlierImport | undefined {
  const imports = importsFolder(dataFolder);
  const fingerprint = fingerprintOf(identity);
  const names = existsSync(imports) ? readdirSync(imports).toSorted().toReversed() : [];
  let changed: string | undefined;
  for (const name of names) {
    const file = path.join(imports, name, JOURNAL);
    if (!existsSync(file)) continue;
    const lines = linesOf(readFileSync(file, 'utf8'));
    const [first] = lines;
    if (first === undefined || !('identity' in first)) continue;
    if (first.fingerprint === fingerprint) {
      const noted = lines.filter((line) => 'end' in line);
      return { folder: path.join(imports, name), isComplete: lines.some((line) => 'done' in line), noted };
    }
    changed ??= changedFile(first.identity, identity);
  }
  if (changed === undefined) return undefined;
  throw new UserError(
    `${changed} has changed since the import began: import it anew, without --resume; what has been taken already counts once`,
  );
}

/** The complete lines; the last one of a killed process may be torn. */
function linesOf(text: string): JournalLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JournalLine);
}

/** A file that is in both, and not the same. */
function changedFile(before: ImportIdentity, now: ImportIdentity): string | undefined {
  const same = before.format === now.format && JSON.stringify(before.options) === JSON.stringify(now.options);
  const known = new Map(before.parts.map(([name, ...mark]) => [name, JSON.stringify(mark)]));
  return same ? now.parts.find(([name, ...mark]) => known.has(name) && known.get(name) !== JSON.stringify(mark))?.[0] : undefined;
}
