import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { landingFolders, pendingSegments } from './folders.ts';
import { sealAbandoned, type SegmentFile, SegmentWriter } from './segment-writer.ts';

let data: string;
const writers: SegmentWriter[] = [];

async function openWriter(options: Parameters<typeof SegmentWriter.open>[1] = {}): Promise<SegmentWriter> {
  const writer = await SegmentWriter.open(data, options);
  writers.push(writer);
  return writer;
}

async function close(writer: SegmentWriter): Promise<void> {
  writers.splice(writers.indexOf(writer), 1);
  await writer.close();
}

const sealed = async () => await readdir(landingFolders(data).sealed);
const open = async () => await readdir(landingFolders(data).open);
const contents = async () => (await Promise.all((await pendingSegments(data)).map(async (file) => await readFile(file, 'utf8')))).join('');

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'touchtrail-writer-'));
});

afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.close();
  await rm(data, { recursive: true });
});

/** A disk on which each sync ends when the test says so, or fails. */
function slowDisk() {
  const log: string[] = [];
  const syncs: { finish: () => void; fail: (error: Error) => void }[] = [];
  const file: SegmentFile = {
    write: async (handle, bytes) => {
      log.push(`write ${bytes.toString().trim().replaceAll('\n', ' ')}`);
      await handle.appendFile(bytes);
    },
    sync: async () => {
      log.push('sync');
      await new Promise<void>((resolve, reject) => {
        syncs.push({ finish: resolve, fail: reject });
      });
      log.push('synced');
    },
  };
  const next = async () => {
    await vi.waitFor(() => expect(syncs.length).toBeGreaterThan(0));
    return syncs.shift()!;
  };
  return { log, file, next };
}

describe('appending', () => {
  test('is acknowledged after the sync, and appends that wait share the next sync', async () => {
    const { log, file, next } = slowDisk();
    const writer = await openWriter({ file });
    const append = async (text: string) => {
      await writer.append(`${text}\n`);
      log.push(`ack ${text}`);
    };
    const first = append('a');
    const sync = await next();
    const others = [append('b'), append('c')];
    await setImmediate();
    sync.finish();
    await first;
    (await next()).finish();
    await Promise.all(others);
    expect(log).toEqual(['write a', 'sync', 'synced', 'ack a', 'write b c', 'sync', 'synced', 'ack b', 'ack c']);
    expect(await contents()).toBe('a\nb\nc\n');
  });

  test('rejects all that waited for a failed sync, and goes on in another file', async () => {
    const { file, next } = slowDisk();
    const writer = await openWriter({ file });
    const stored = writer.append('a\n');
    (await next()).finish();
    await stored;
    const outcomes = Promise.allSettled([writer.append('b\n'), writer.append('c\n')]);
    (await next()).fail(new Error('disk on fire'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const after = writer.append('d\n');
    (await next()).finish();
    await after;
    await writer.seal();
    const files = await Promise.all((await pendingSegments(data)).map(async (path) => await readFile(path, 'utf8')));
    expect(files).toEqual(['a\nb\nc\n', 'd\n']);
  });

  test('leaves no empty file behind where nothing could be written, however often that is tried', async () => {
    const full: SegmentFile = {
      write: async () => await Promise.reject(new Error('ENOSPC: no space left on device')),
      sync: async () => undefined,
    };
    const writer = await openWriter({ file: full });
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(writer.append('a\n')).rejects.toThrow('ENOSPC');
      expect(await open()).toEqual([]);
    }
  });

  test('keeps a file of which a part was written, because it may hold what was acknowledged', async () => {
    let isFull = false;
    const filling: SegmentFile = {
      write: async (handle, bytes) => {
        await handle.appendFile(isFull ? bytes.subarray(0, 1) : bytes);
        if (isFull) throw new Error('ENOSPC: no space left on device');
      },
      sync: async () => undefined,
    };
    const writer = await openWriter({ file: filling });
    await writer.append('a\n');
    isFull = true;
    await expect(writer.append('b\n')).rejects.toThrow('ENOSPC');
    expect(await contents()).toBe('a\nb');
  });

  test.each(['moved away', 'replaced by another file'])(
    'is not acknowledged into a segment that was %s, and goes on in a new one',
    async (how) => {
      const writer = await openWriter();
      await writer.append('a\n');
      const [name] = await open();
      const { open: openFolder, sealed: sealedFolder } = landingFolders(data);
      await rename(join(openFolder, name!), join(sealedFolder, name!));
      if (how !== 'moved away') await writeFile(join(openFolder, name!), '');
      await expect(writer.append('b\n')).rejects.toThrow(name!);
      await writer.append('c\n');
      expect(await readFile(join(openFolder, (await open()).at(-1)!), 'utf8')).toBe('c\n');
    },
  );

  test('of text that does not end a line is refused', async () => {
    await expect((await openWriter()).append('half')).rejects.toThrow('line feed');
  });

  test('keeps the order and all of many concurrent texts', async () => {
    const writer = await openWriter();
    const texts = Array.from({ length: 500 }, (_, i) => `${i}\n`);
    await Promise.all(texts.map(async (text) => await writer.append(text)));
    expect(await contents()).toBe(texts.join(''));
  });

  test('makes files that nobody else can read', async () => {
    await (await openWriter()).append('a\n');
    const [file] = await pendingSegments(data);
    expect(((await stat(file!)).mode & 0o777).toString(8)).toBe('600');
  });
});

describe('sealing', () => {
  test('moves what was appended so far, and makes no empty files', async () => {
    const writer = await openWriter();
    await writer.seal();
    expect([await open(), await sealed()]).toEqual([[], []]);
    await writer.append('a\n');
    expect([(await open()).length, (await sealed()).length]).toEqual([1, 0]);
    await writer.seal();
    await writer.seal();
    expect([(await open()).length, (await sealed()).length]).toEqual([0, 1]);
  });

  test('waits for the appends before it', async () => {
    const writer = await openWriter();
    void writer.append('a\n');
    await writer.seal();
    expect(await readFile(join(landingFolders(data).sealed, (await sealed())[0]!), 'utf8')).toBe('a\n');
  });

  test('happens by itself when a segment is full', async () => {
    const writer = await openWriter({ segmentBytes: 10 });
    await writer.append('123456789\n');
    await writer.append('next\n');
    expect([(await open()).length, (await sealed()).length]).toEqual([1, 1]);
  });

  test('is the last thing a closed writer does', async () => {
    const writer = await openWriter();
    await writer.append('a\n');
    await close(writer);
    expect((await sealed()).length).toBe(1);
    await expect(writer.append('b\n')).rejects.toThrow('closed');
  });
});

describe('a data folder', () => {
  test('has one writer at a time; the second is told so', async () => {
    const writer = await openWriter();
    await expect(SegmentWriter.open(data)).rejects.toMatchObject({ name: 'UserError', message: expect.stringContaining(data) as string });
    await close(writer);
    await openWriter();
  });

  test('that a killed writer left is taken over: its segments are sealed with their torn tails', async () => {
    const { open: openFolder } = landingFolders(data);
    await mkdir(openFolder, { recursive: true });
    await writeFile(join(openFolder, '20260101T000000.000Z-aa.ndjson'), '{"a":1}\n{"b":');
    await writeFile(join(openFolder, '20260101T000001.000Z-bb.ndjson'), '');
    await openWriter();
    expect(await open()).toEqual([]);
    expect(await sealed()).toEqual(['20260101T000000.000Z-aa.ndjson']);
    expect(await contents()).toBe('{"a":1}\n{"b":');
  });

  test('without a living writer can have its segments sealed by others, with one it cannot', async () => {
    const writer = await openWriter();
    await writer.append('a\n');
    await sealAbandoned(data);
    expect((await open()).length).toBe(1);
    await close(writer);
    await appendFile(join(landingFolders(data).open, '20260101T000000.000Z-aa.ndjson'), 'x\n');
    await sealAbandoned(data);
    expect(await open()).toEqual([]);
  });

  test('lists what has landed and is not loaded, oldest first', async () => {
    expect(await pendingSegments(data)).toEqual([]);
    const writer = await openWriter();
    const { open: openFolder, sealed: sealedFolder } = landingFolders(data);
    await writeFile(join(sealedFolder, '2.ndjson'), '');
    await writeFile(join(sealedFolder, '1.ndjson'), '');
    await writeFile(join(openFolder, '3.ndjson'), '');
    await writeFile(join(openFolder, 'notes.txt'), '');
    expect((await pendingSegments(data)).map((file) => basename(file))).toEqual(['1.ndjson', '2.ndjson', '3.ndjson']);
    await close(writer);
  });
});
