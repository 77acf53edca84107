import { expect, test } from 'vitest';
import { IncomingMessage } from '../../../edge/contract/message.ts';
import { batches, trackerMessages } from './events.ts';

interface Body {
  readonly writeKey: string;
  readonly batch: readonly { type: string; messageId: string; anonymousId: string; context: { landing: { url: string } } }[];
}

test('the events are those of many visitors, of all kinds, each different', () => {
  const messages = trackerMessages();
  const events = Array.from({ length: 2_000 }, () => messages.next().value as Body['batch'][number]);
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(2_000);
  expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBeGreaterThan(200);
  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['page', 'track', 'identify']));
  const fromAds = events.filter(({ context }) => context.landing.url.includes('utm_source='));
  expect(fromAds.length / events.length).toBeGreaterThan(0.2);
  expect(fromAds.length / events.length).toBeLessThan(0.5);
  for (const event of events.slice(0, 200)) expect(IncomingMessage.safeParse(event).success).toBe(true);
  const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0) / events.length;
  expect(bytes).toBeGreaterThan(600);
  expect(bytes).toBeLessThan(800);
});

test('the same seed gives the same batches, of the asked size', () => {
  expect(batches(5, 10, 'k')).toEqual(batches(5, 10, 'k'));
  expect(batches(5, 10, 'k', 1)).not.toEqual(batches(5, 10, 'k', 2));
  for (const body of batches(5, 10, 'k').map((text) => JSON.parse(text) as Body)) {
    expect([body.writeKey, body.batch.length]).toEqual(['k', 10]);
  }
});
