import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { POINTER_FILE, PUBLICATIONS_FOLDER } from '../models/reports/publication.ts';
import { openPublication, type OpenPublication } from './publication.ts';

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
  /** What it was opened by; of the last publication the text of the pointer. */
  readonly key: string;
  readonly opened: Promise<OpenPublication>;
  users: number;
}

/** Keeps publications of a data folder open while they are asked for. */
export function createReader(dataFolder: string): Reader {
  const pointer = path.join(dataFolder, PUBLICATIONS_FOLDER, POINTER_FILE);
  // The one asked for last stands last.
  let held: Held[] = [];

  async function hold(asOf: string | undefined): Promise<Held> {
    const key = JSON.stringify([asOf ?? null, await readFile(pointer, 'utf8').catch(() => null)]);
    const known = held.find((one) => one.key === key);
    const one = known ?? { key, opened: openPublication(dataFolder, { sandboxed: true, ...(asOf !== undefined && { asOf }) }), users: 0 };
    one.users++;
    held = [...held.filter((other) => other !== one), one];
    return one;
  }

  async function release(one: Held, failed: boolean): Promise<void> {
    one.users--;
    if (failed) held = held.filter((other) => other !== one);
    const idle = held.filter(({ users }) => users === 0).slice(0, Math.max(0, held.length - KEPT_OPEN));
    held = held.filter((other) => !idle.includes(other));
    await Promise.all(idle.map(async ({ opened }) => (await opened).warehouse.close()));
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
        await release(one, !isOpen);
      }
    },
    async close() {
      const all = held;
      held = [];
      await Promise.all(all.map(({ opened }) => opened.then(({ warehouse }) => warehouse.close()).catch(() => {})));
    },
  };
}
