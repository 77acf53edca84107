import { expect, test } from 'vitest';
import { toLandingLines, type Delivery } from '../contract/delivery.ts';
import { createLandingZone, type LandingService } from './landing-zone.ts';

const header = { edge_instance: 'i', edge_sequence: 1, received_at: '2026-03-01T12:00:00.000Z', write_key_id: 'wk_1', count: 2 };
const text = toLandingLines({ header, events: [{ message_id: 'a' }], failed: [{ message_id: 'b' }] } as unknown as Delivery);
const delivery = { header, text };
const answering = (status: number): LandingService => ({
  fetch: async () => new Response(status === 204 ? null : 'no space left', { status }),
});

test('deliveries are posted as lines, each with its header first', async () => {
  let posted = '';
  const zone = createLandingZone({
    fetch: async (_, { body }) => {
      posted = body;
      return new Response(null, { status: 204 });
    },
  });
  await zone.append([delivery, { header, text: 'another\n' }]);
  expect(posted).toBe(`{"delivery":${JSON.stringify(header)}}\n{"event":{"message_id":"a"}}\n{"failed":{"message_id":"b"}}\nanother\n`);
});

test.each([200, 202, 204])('%d means durable', async (status) => {
  await expect(createLandingZone(answering(status)).append([delivery])).resolves.toBeUndefined();
});

test.each([302, 400, 500, 503])('%d means not stored', async (status) => {
  await expect(createLandingZone(answering(status)).append([delivery])).rejects.toThrow(`answered ${status}: no space left`);
});

test('silence means not stored', async () => {
  const silent: LandingService = {
    fetch: async (_, { signal }) =>
      await new Promise((__, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  };
  await expect(createLandingZone(silent, 5).append([delivery])).rejects.toThrow(/timeout/i);
});
