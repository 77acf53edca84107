import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { POINTER_FILE, PUBLICATIONS_FOLDER } from '../models/reports/publication.ts';
import { openPublication, type OpenPublication } from './publication.ts';
import { RememberingPublication } from './remembering.ts';

/** How many publications stay open: the current one, and those that somebody compares with it. */
const KEPT_OPEN = 4;

/** Answers questions from publications: each question sees one of them, whatever a run publishes meanwhile. */
export interface Reader {
  /**
   * @param asOf a publication id, date or instant; undefined: the last one.
   * @throws UserError where there is none.
   */
  read<Answer>(asOf: string | undefined, work: (opened: OpenPublication) => Promise<Answer>): Promise<Answer>;
  close(): Promise<void>;
}

interface Held {
  /** What was asked for, the text of the pointer, and the state of the folder. */
  readonly key: string;
  /** When a file of the folder last appeared, went or was replaced: erasing somebody rewrites publications under their names. */
  readonly folderAt: number | null;
  readonly opened: Promise<OpenPublication>;
  users: number;
  /** Fulfilled once it is closed; there from when nobody is to get it any more. */
  closed?: PromiseWithResolvers<void>;
}

/**
 * Keeps publications of a data folder open while they are asked for. The work of one question asks no other: a publication that
 * was rewritten is opened when the last question on the former one is answered, as the engine has a file open once only. What is
 * asked of an open one again is answered from memory.
 */
export function createReader(dataFolder: string): Reader {
  const folder = path.join(dataFolder, PUBLICATIONS_FOLDER);
  // The one asked for last stands last.
  let held: Held[] = [];
  let closing: Promise<unknown> = Promise.resolve();

  async function hold(asOf: string | undefined): Promise<Held> {
    // Without a folder or a pointer the opening says what is missing.
    const folderAt = await stat(folder).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    );
    const pointer = await readFile(path.join(folder, POINTER_FILE), 'utf8').catch(() => null);
    const key = JSON.stringify([asOf ?? null, pointer, folderAt]);
    retire(held.filter((other) => other.folderAt !== folderAt));
    const open = async () => {
      const opened = await openPublication(dataFolder, { sandboxed: true, ...(asOf !== undefined && { asOf }) });
      return { ...opened, warehouse: new RememberingPublication(opened.warehouse) };
    };
    const one = held.find((other) => other.key === key) ?? { key, folderAt, opened: closing.then(open), users: 0 };
    one.users++;
    held = [...held.filter((other) => other !== one), one];
    return one;
  }

  /** Nobody gets these any more; each is closed as soon as its last question is answered. */
  function retire(some: readonly Held[]): void {
    held = held.filter((other) => !some.includes(other));
    const closed = some.map((one) => (one.closed ??= Promise.withResolvers<void>()).promise);
    closing = Promise.all([closing, ...closed]);
    for (const one of some) if (one.users === 0) close(one);
  }

  /** One that could not be opened has told so whoever asked for it. */
  function close({ opened, closed }: Held): void {
    void opened
      .then(({ warehouse }) => warehouse.close())
      .catch(() => {})
      .then(() => closed!.resolve());
  }

  function release(one: Held, failed: boolean): void {
    one.users--;
    if (one.closed && one.users === 0) close(one);
    if (failed && !one.closed) retire([one]);
    retire(held.filter(({ users }, index) => users === 0 && index < held.length - KEPT_OPEN));
  }

  return {
    async read(asOf, work) {
      const one = await hold(asOf);
      let isOpen = false;
      try {
        const opened = await one.opened;
        isOpen = true;
        return await work(opened);
      } finally {
        release(one, !isOpen);
      }
    },
    async close() {
      retire(held);
      await closing;
    },
  };
}
