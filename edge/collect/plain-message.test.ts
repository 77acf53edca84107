import { expect, test } from 'vitest';
import { trackerMessages } from '../../test/bench/edge/events.ts';
import { Random } from '../../test/simulator/random.ts';
import { EVENT_TYPES } from '../contract/event-types.ts';
import { IncomingMessage, NOBODYS_IDS } from '../contract/message.ts';
import { plainMessage } from './plain-message.ts';

test('reads what the tracker sends', () => {
  const messages = trackerMessages();
  for (let i = 0; i < 300; i++) {
    const raw = messages.next().value;
    const message = plainMessage(raw);
    expect(message).toBeDefined();
    expect(message).toEqual(IncomingMessage.parse(raw));
  }
});

/** Values of every kind, many of them at a limit. */
const VALUES: readonly unknown[] = [
  [undefined, null, true, false, 0, -0, 1, -1, 7.5, 2 ** 53 - 1, 2 ** 53, 1e300, Number.NaN, Number.POSITIVE_INFINITY],
  ['', ' ', 'a', ' a-1 ', 'x'.repeat(256), 'x'.repeat(257), ` ${'x'.repeat(256)} `, 'ü'.repeat(256), '\u00a0', 'null', 'Anonymous', '0'],
  ['2026-03-01T12:00:00.000Z', '1772366400', ...EVENT_TYPES, ...NOBODYS_IDS],
  [{}, { a: 1 }, { groupId: 'g' }, [], ['a'], [{}]],
].flat();
const MEMBERS = [...Object.keys(IncomingMessage.shape), 'colour', 'receivedAt', '__proto__', 'constructor', 'toString'];

test('says what the schema says, or nothing', () => {
  const random = new Random(5);
  let read = 0;
  for (let i = 0; i < 40_000; i++) {
    const raw: Record<string, unknown> = JSON.parse('{}') as Record<string, unknown>;
    const define = (name: string, value: unknown) =>
      Object.defineProperty(raw, name, { value, enumerable: true, writable: true, configurable: true });
    define('type', random.chance(0.9) ? random.pick(EVENT_TYPES) : random.pick(VALUES));
    for (let members = random.integer(0, 5); members > 0; members--) define(random.pick(MEMBERS), random.pick(VALUES));
    const type = random.chance(0.2) ? random.pick(EVENT_TYPES) : undefined;
    const message = plainMessage(raw, type);
    if (!message) continue;
    read++;
    const parsed = IncomingMessage.safeParse(type === undefined ? raw : { ...raw, type });
    expect([raw, parsed.success]).toEqual([raw, true]);
    expect(message).toEqual(parsed.data);
  }
  // Else the test would show nothing.
  expect(read).toBeGreaterThan(8_000);
});

test.each([
  { userId: 12 },
  { context: { groupId: 12 } },
  { context: { gaClientId: 1.5 } },
  { context: { ga_client_id: 1.5 } },
  { integrations: { 'Google Analytics': { clientId: 1.5 } } },
])('leaves ids that are numbers to those who know which are safe: %j', (members) => {
  expect(plainMessage({ type: 'page', anonymousId: 'a', ...members })).toBeUndefined();
});
