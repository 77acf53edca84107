import { mkdir, mkdtemp, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { land, landed } from '../testing/journey-world.ts';
import { landedEvents } from './landed.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-landed-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const event = (message_id: string, received_at: string) => landed({ message_id, anonymous_id: 'a', received_at });
const ids = async (publishedUpTo: string | null) => {
  const found: string[] = [];
  for await (const { message_id } of landedEvents(folder, publishedUpTo)) found.push(message_id);
  return found.toSorted();
};

test('a segment that a run moves while another is read is followed', async () => {
  await land(folder, 'sealed/1.ndjson', [event('m1', '2026-04-01T10:00:00.000Z')]);
  await land(folder, 'open/2.ndjson', [event('m2', '2026-04-01T10:01:00.000Z')]);
  const events = landedEvents(folder, null);
  expect((await events.next()).value).toMatchObject({ message_id: 'm1' });
  await mkdir(path.join(folder, 'landing', 'loaded'));
  await rename(path.join(folder, 'landing', 'open', '2.ndjson'), path.join(folder, 'landing', 'loaded', '2.ndjson'));
  expect((await events.next()).value).toMatchObject({ message_id: 'm2' });
  expect((await events.next()).done).toBe(true);
});

test('a loaded segment counts from the last arrival of the publication on', async () => {
  await land(folder, 'loaded/1.ndjson', [event('m1', '2026-04-01T10:00:00.000000Z'), event('m2', '2026-04-01T10:00:00.000001Z')]);
  expect(await ids('2026-04-01T10:00:00.000000Z')).toEqual(['m2']);
  expect(await ids(null)).toEqual([]);
});

test('an arrival is compared as the instant it is, not as the text it stands in', async () => {
  await land(folder, 'loaded/1.ndjson', [
    event('m1', '2026-04-01T10:00:00.123Z'),
    event('m2', '2026-04-01T10:00:00.123000Z'),
    event('m3', '2026-04-01T10:00:00.124Z'),
    event('m4', '2026-04-01T10:00:00.123001Z'),
  ]);
  expect(await ids('2026-04-01T10:00:00.123000Z')).toEqual(['m3', 'm4']);
  expect(await ids('2026-04-01T10:00:00.123Z')).toEqual(['m3', 'm4']);
});

test('a loaded segment last written before that is not read', async () => {
  await land(folder, 'loaded/1.ndjson', [event('m1', '2026-04-01T10:00:00.000Z')]);
  await utimes(path.join(folder, 'landing', 'loaded', '1.ndjson'), new Date('2026-03-01T00:00:00Z'), new Date('2026-03-01T00:00:00Z'));
  expect(await ids('2026-03-15T00:00:00.000000Z')).toEqual([]);
});

test('no landing folder holds no events', async () => {
  expect(await ids(null)).toEqual([]);
});
