import { expect, test } from 'vitest';
import { createTail, type TailLine } from './tail.ts';

const event = (message_id: string, type = 'track') => ({
  event: {
    write_key_id: 'wk_1',
    message_id,
    type,
    event: message_id,
    received_at: '2026-03-02T10:00:00.000Z',
    click_ids: [],
    page_path: null,
    page_url: null,
    referrer: null,
    utm_source: null,
    utm_medium: null,
    anonymous_id: 'a-1',
  },
});
const failed = { failed: { write_key_id: 'wk_1', received_at: '2026-03-02T10:00:00.000Z', reason: 'too_deep', path: null, detail: null } };
const header = {
  delivery: { edge_instance: 'e', edge_sequence: 1, received_at: '2026-03-02T10:00:00.000Z', write_key_id: 'wk_1', count: 1 },
};
const lines = (...values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

function follower(filter = {}) {
  const gone = new AbortController();
  const told: (string | number | null)[] = [];
  const state = { buffered: 0 };
  const tell = (line: TailLine) => void told.push('dropped' in line ? line.dropped : (line.entry.event ?? line.entry.reason));
  return { told, state, leave: () => gone.abort(), filter, tell, connection: { closed: gone.signal, buffered: () => state.buffered } };
}

test('whoever follows is told of the events and the rejected ones that pass, not of those before', async () => {
  const tail = createTail();
  tail.publish(lines(header, event('before')));
  const one = follower();
  const following = tail.follow(one.filter, one.tell, one.connection);
  tail.publish(lines(header, event('m1'), failed) + lines(header, event('m2')));
  expect(one.told).toEqual(['m1', 'too_deep', 'm2']);
  one.leave();
  await following;
  tail.publish(lines(event('after')));
  expect(one.told).toEqual(['m1', 'too_deep', 'm2']);
});

test('each follower has its own filter', () => {
  const tail = createTail();
  const [all, pages, rejected] = [follower(), follower({ types: ['page'] }), follower({ failed: true })];
  for (const one of [all, pages, rejected]) void tail.follow(one.filter, one.tell, one.connection);
  tail.publish(lines(event('m1'), event('m2', 'page'), failed));
  expect([all.told, pages.told, rejected.told]).toEqual([['m1', 'm2', 'too_deep'], ['m2'], ['too_deep']]);
  for (const one of [all, pages, rejected]) one.leave();
});

test('a reader that is too slow loses events, and is told how many as soon as it reads again; others lose none', () => {
  const tail = createTail();
  const [slow, fast] = [follower(), follower()];
  for (const one of [slow, fast]) void tail.follow(one.filter, one.tell, one.connection);
  tail.publish(lines(event('m1')));
  slow.state.buffered = 10_000_000;
  tail.publish(lines(event('m2'), event('m3')));
  slow.state.buffered = 0;
  tail.publish(lines(event('m4'), event('m5')));
  expect(slow.told).toEqual(['m1', 2, 'm4', 'm5']);
  expect(fast.told).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
  for (const one of [slow, fast]) one.leave();
});

test('a line that cannot be read costs the others nothing', () => {
  const tail = createTail();
  const one = follower();
  void tail.follow(one.filter, one.tell, one.connection);
  tail.publish(`${lines(event('m1'))}{"event":{"cut\n${lines(event('m2'))}`);
  expect(one.told).toEqual(['m1', 'm2']);
  one.leave();
});
