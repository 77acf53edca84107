import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import { UserError } from '../../config/user-error.ts';
import { syncFolder } from '../durable.ts';
import { type FileLock, takeLock } from '../lock.ts';
import { createLandingFolders, type LandingFolders, segmentsIn } from './folders.ts';

/** The right to write and to seal the open segments of a data folder. */
const WRITER_LOCK = 'writer.lock';

/** Larger segments take longer to load after a crash; smaller ones make more files. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Segment {
  readonly file: string;
  readonly handle: FileHandle;
  bytes: number;
}

/** The two calls that make a write durable; handed in so that a test can see what happens when a disk fails. */
export interface SegmentFile {
  write(handle: FileHandle, bytes: Buffer): Promise<void>;
  sync(handle: FileHandle): Promise<void>;
}

const realFile: SegmentFile = {
  write: async (handle, bytes) => await handle.appendFile(bytes),
  sync: async (handle) => await handle.datasync(),
};

/**
 * Writes landing segments. Appends that arrive while a sync is under way share the next one (group commit), so that many
 * clients cost few syncs. Invariants: `append` resolves only after the sync that covers its text, and only where the file
 * still lay in the open folder after that sync; nothing is written to a file after a failed write or sync; one process writes
 * at a time.
 */
export class SegmentWriter {
  readonly #folders: LandingFolders;
  readonly #lock: FileLock;
  readonly #largest: number;
  readonly #file: SegmentFile;
  #segment: Segment | undefined;
  #waiting: Waiting[] = [];
  /** The tail of the work on the current segment: flushes and seals run one after the other. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(folders: LandingFolders, lock: FileLock, largest: number, file: SegmentFile) {
    this.#folders = folders;
    this.#lock = lock;
    this.#largest = largest;
    this.#file = file;
  }

  /**
   * Takes over a data folder; segments that a killed process left open are sealed.
   * @throws UserError where another process writes there.
   */
  static async open(
    dataFolder: string,
    { segmentBytes = SEGMENT_BYTES, file = realFile }: { segmentBytes?: number; file?: SegmentFile } = {},
  ): Promise<SegmentWriter> {
    const folders = await createLandingFolders(dataFolder);
    const lock = takeLock(join(dataFolder, WRITER_LOCK));
    if (!lock) {
      throw new UserError(
        `Another process already writes events to ${dataFolder}: a running "touchtrail up", or an import, which starts an edge of its own where no "up" runs. ` +
          'Stop the one or wait for the end of the other, or choose another folder with --data. (While "up" runs, imports go through it, several at once.)',
      );
    }
    try {
      await sealLeftovers(folders);
    } catch (error) {
      lock.release();
      throw error;
    }
    return new SegmentWriter(folders, lock, segmentBytes, file);
  }

  /**
   * Appends whole lines. Resolves once they are on disk; rejects where that failed, and then nothing is known about them.
   * @param text NDJSON, ending with a line feed.
   */
  async append(text: string): Promise<void> {
    if (this.#closed) throw new Error('the segment writer is closed');
    if (!text.endsWith('\n')) throw new Error('a landing append must end with a line feed');
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      if (this.#waiting.length === 1) void this.#enqueue(() => this.#flush());
    });
  }

  /** Seals what was appended so far: the open segment becomes ready to be loaded. */
  async seal(): Promise<void> {
    await this.#enqueue(() => this.#sealSegment());
  }

  /** Seals, and gives the data folder up. */
  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.seal();
    } finally {
      this.#lock.release();
    }
  }

  async #enqueue(task: () => Promise<void>): Promise<void> {
    const done = this.#work.then(task);
    // What failed is reported to those who waited for it; the next task starts all the same.
    this.#work = done.catch(() => undefined);
    await done;
  }

  /** Never rejects: the outcome goes to the appends it covers. */
  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      const segment = (this.#segment ??= await this.#createSegment());
      const bytes = Buffer.from(batch.map(({ text }) => text).join(''));
      await this.#file.write(segment.handle, bytes);
      await this.#file.sync(segment.handle);
      await checkInPlace(segment);
      segment.bytes += bytes.byteLength;
    } catch (error) {
      await this.#abandonSegment();
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of batch) resolve();
    if (this.#segment.bytes >= this.#largest) await this.#rotate();
  }

  /** What was appended is acknowledged already: a failure here is nobody's but the operator's, and the next seal tries again. */
  async #rotate(): Promise<void> {
    try {
      await this.#sealSegment();
    } catch (error) {
      console.error('a full landing segment could not be sealed:', error);
    }
  }

  async #createSegment(): Promise<Segment> {
    const name = `${new Date().toISOString().replace(/[-:]/g, '')}-${randomBytes(6).toString('hex')}.ndjson`;
    const file = join(this.#folders.open, name);
    const segment = { file, handle: await open(file, 'ax', 0o600), bytes: 0 };
    this.#segment = segment;
    await syncFolder(this.#folders.open);
    return segment;
  }

  /** Everything in the folder `open` is this writer's, abandoned segments included. */
  async #sealSegment(): Promise<void> {
    const segment = this.#segment;
    this.#segment = undefined;
    await segment?.handle.close();
    await sealLeftovers(this.#folders);
  }

  /**
   * After a failed write or sync the end of the file is unknown, perhaps a torn line, which may only be the last one: nothing
   * more is written to it. It stays open until the next seal; an empty one goes at once, because a full disk makes one per attempt.
   */
  async #abandonSegment(): Promise<void> {
    const segment = this.#segment;
    this.#segment = undefined;
    if (!segment) return;
    try {
      await segment.handle.close();
      await removeEmpty(segment.file);
    } catch (error) {
      console.error(`the landing segment ${segment.file} could not be closed:`, error);
    }
  }
}

/**
 * Makes sure that the file written to is still the one under its name: a segment that somebody moved to the sealed ones
 * may have been loaded before this write. What is in its place now is loaded whole, whenever it is moved.
 */
async function checkInPlace({ file, handle }: Segment): Promise<void> {
  const [named, written] = await Promise.all([stat(file, { bigint: true }), handle.stat({ bigint: true })]);
  if (named.ino !== written.ino || named.dev !== written.dev) throw new Error(`${file} was replaced by another file while it was written`);
}

async function removeEmpty(file: string): Promise<void> {
  try {
    if ((await stat(file)).size === 0) await unlink(file);
  } catch (error) {
    // Somebody moved it away.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/**
 * Seals the segments that a killed process left open. Nothing where a living process writes there: it seals its own.
 */
export async function sealAbandoned(dataFolder: string): Promise<void> {
  const folders = await createLandingFolders(dataFolder);
  const lock = takeLock(join(dataFolder, WRITER_LOCK));
  if (!lock) return;
  try {
    await sealLeftovers(folders);
  } finally {
    lock.release();
  }
}

async function sealLeftovers(folders: LandingFolders): Promise<void> {
  for (const file of await segmentsIn(folders.open)) {
    if ((await stat(file)).size === 0) await unlink(file);
    else await moveToSealed(file, folders);
  }
}

async function moveToSealed(file: string, { open: from, sealed }: LandingFolders): Promise<void> {
  await rename(file, join(sealed, basename(file)));
  await syncFolder(sealed);
  await syncFolder(from);
}
