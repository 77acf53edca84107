import { afterEach, beforeEach, expect, test } from 'vitest';
import { FAILED_EVENTS } from '../../models/events/tables.ts';
import { type World, openWorld } from '../../testing/world.ts';
import { bytesPerLook, createPoller } from './poll.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** Minutes and seconds after 10:00. */
const at = (minute: number, second = 0) => new Date(Date.UTC(2026, 2, 2, 10, minute, second));
const arrive = (message_id: string, received: Date, more: object = {}) =>
  world.events({
    who: 'visitor-a',
    at: '09:00',
    type: 'track',
    event: message_id,
    message_id,
    received_at: received.toISOString(),
    ...more,
  });
const names = async (looks: Promise<readonly { readonly event: string | null }[]>) => (await looks).map(({ event }) => event);

test('the first look shows nothing, the next what has arrived since, each row once and in the order it was received', async () => {
  await arrive('before', at(0));
  const poller = createPoller(world.warehouse, {});
  expect(await names(poller.look(at(1)))).toEqual([]);
  await arrive('second', at(1, 20));
  await arrive('first', at(1, 10));
  expect(await names(poller.look(at(2)))).toEqual(['first', 'second']);
  expect(await names(poller.look(at(2, 5)))).toEqual([]);
});

test('a row that appears late, with an earlier time than what was shown, is shown', async () => {
  const poller = createPoller(world.warehouse, {});
  await poller.look(at(0));
  await arrive('fast', at(5));
  expect(await names(poller.look(at(5, 5)))).toEqual(['fast']);
  await arrive('slow', at(3));
  expect(await names(poller.look(at(6)))).toEqual(['slow']);
  // Later than the window, it is not.
  await arrive('too late', at(3));
  expect(await names(poller.look(at(18, 1)))).toEqual([]);
});

test('what has left the window is forgotten, and what is in it is not shown again', async () => {
  const poller = createPoller(world.warehouse, {});
  await poller.look(at(0));
  await arrive('one', at(1));
  expect(await names(poller.look(at(1, 1)))).toEqual(['one']);
  for (const minute of [10, 15, 16, 17, 40]) expect(await names(poller.look(at(minute)))).toEqual([]);
});

test('a row that the queue hands over twice is shown once, however far apart the copies are', async () => {
  const poller = createPoller(world.warehouse, {});
  await poller.look(at(0));
  await arrive('one', at(1));
  await arrive('one', at(1));
  expect(await names(poller.look(at(1, 1)))).toEqual(['one']);
  await arrive('one', at(1));
  expect(await names(poller.look(at(2)))).toEqual([]);
});

test('more rows than one look takes are shown by the next ones', async () => {
  const poller = createPoller(world.warehouse, {});
  await poller.look(at(0));
  await world.events(
    ...Array.from({ length: 2_100 }, (_, i) => ({ who: 'a', at: '09:00', message_id: `m${i}`, received_at: at(1).toISOString() })),
  );
  const counts = [];
  for (let i = 0; i < 4; i++) counts.push((await poller.look(at(1, 5 + i))).length);
  expect(counts).toEqual([1_000, 1_000, 100, 0]);
});

test('where very much arrives, the window is shorter, and still nothing is shown twice', async () => {
  const poller = createPoller(world.warehouse, {});
  const many = (count: number, minute: number) =>
    world.events(
      ...Array.from({ length: count }, (_, i) => ({
        who: 'a',
        at: '09:00',
        message_id: `m${minute}-${i}`,
        received_at: at(minute, i % 60).toISOString(),
      })),
    );
  await many(15_000, 0);
  await many(15_000, 1);
  await poller.look(at(2));
  await arrive('now', at(2));
  await arrive('long ago', at(0, 1));
  expect(await names(poller.look(at(3)))).toEqual(['now']);
});

test('rejected events are shown with their reason, equal ones by their place; filters hold', async () => {
  const all = createPoller(world.warehouse, {});
  const failed = createPoller(world.warehouse, { failed: true });
  const key = createPoller(world.warehouse, { writeKeyIds: ['wk_2'] });
  const pages = createPoller(world.warehouse, { types: ['page'] });
  for (const poller of [all, failed, key, pages]) await poller.look(at(0));
  await arrive('one', at(1));
  const row = { received_at: at(1, 1).toISOString(), reason: 'too_deep', edge_instance: 'e', edge_sequence: 1, write_key_id: 'wk_2' };
  await world.load(FAILED_EVENTS, [
    { ...row, position: 0 },
    { ...row, position: 1 },
  ]);
  expect((await all.look(at(2))).map(({ type, reason }) => [type, reason])).toEqual([
    ['track', null],
    ['rejected', 'too_deep'],
    ['rejected', 'too_deep'],
  ]);
  expect((await failed.look(at(2))).map(({ type }) => type)).toEqual(['rejected', 'rejected']);
  expect((await key.look(at(2))).map(({ type }) => type)).toEqual(['rejected', 'rejected']);
  expect(await pages.look(at(2))).toEqual([]);
});

test('the estimate of a look is that of its queries', async () => {
  expect(await bytesPerLook(world.warehouse, at(0))).toBe(0);
});
