import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock, whileLocked } from './lock.ts';

let folder: string;
let takers: Taker[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-lock-'));
  takers = [];
});

afterEach(async () => {
  await Promise.all(takers.map((taker) => taker.kill()));
  await rm(folder, { recursive: true });
});

/** A process that tries to take each lock it is told as often as it is told, keeps what it gets, and says how often it got it. */
const SCRIPT = `
  import { createInterface } from 'node:readline';
  import { takeLock } from ${JSON.stringify(new URL('lock.ts', import.meta.url).href)};
  const held = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const { file, times } = JSON.parse(line);
    const taken = Array.from({ length: times }, () => takeLock(file)).filter(Boolean);
    held.push(...taken);
    console.log(taken.length);
  }
`;

class Taker {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    this.#child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    takers.push(this);
  }

  /** How often this process got the lock. */
  async take(file: string, times: number): Promise<number> {
    this.#child.stdin.write(`${JSON.stringify({ file, times })}\n`);
    return Number((await this.#answers.next()).value);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

const PROCESSES = 4;
const TIMES = 5;
const ROUNDS = 30;

async function startTakers(count: number): Promise<Taker[]> {
  const started = Array.from({ length: count }, () => new Taker());
  // Ready, so that they begin a round at the same time.
  await Promise.all(started.map((taker) => taker.take(join(folder, 'warm-up.lock'), 0)));
  return started;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('a lock', () => {
  test('is had by exactly one of twenty that take it at the same time in several processes', async () => {
    const processes = await startTakers(PROCESSES);
    const winners: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const file = join(folder, `${round}.lock`);
      winners.push(sum(await Promise.all(processes.map((taker) => taker.take(file, TIMES)))));
    }
    expect(winners).toEqual(Array.from({ length: ROUNDS }, () => 1));
  });

  test('of a process that was killed goes to exactly one of those that take it next', async () => {
    const file = join(folder, 'writer.lock');
    const processes = await startTakers(PROCESSES);
    const [holder] = await startTakers(1);
    expect(await holder!.take(file, 1)).toBe(1);
    expect(sum(await Promise.all(processes.map((taker) => taker.take(file, TIMES))))).toBe(0);
    await holder!.kill();
    expect(sum(await Promise.all(processes.map((taker) => taker.take(file, TIMES))))).toBe(1);
  });

  test('that is released can be taken again, and only once', () => {
    const file = join(folder, 'deep', 'writer.lock');
    const first = takeLock(file);
    expect(takeLock(file)).toBeUndefined();
    first!.release();
    const second = takeLock(file);
    expect(second).toBeDefined();
    expect(takeLock(file)).toBeUndefined();
    second!.release();
  });

  test('in a file that is none is refused in words', async () => {
    expect(() => takeLock(folder)).toThrow(`${folder} cannot be locked`);
  });
});

test('work under a lock is done one after the other, and the lock is given back where it fails', async () => {
  const file = join(folder, 'keys.lock');
  let counter = 0;
  const increment = async () => {
    const before = counter;
    await new Promise((resolve) => setImmediate(resolve));
    counter = before + 1;
  };
  await Promise.all(Array.from({ length: 10 }, () => whileLocked(file, increment)));
  expect(counter).toBe(10);
  await expect(whileLocked(file, () => Promise.reject(new Error('failed inside')))).rejects.toThrow('failed inside');
  takeLock(file)!.release();
});
