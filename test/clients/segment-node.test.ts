import { Analytics, type AnalyticsSettings } from '@segment/analytics-node';
import { expect, test } from 'vitest';
import { CALLS, CONTEXT, ROWS, VISITOR } from './calls.ts';
import { documentedModule, useEdge } from './ground.ts';

const ground = useEdge();

interface Client {
  readonly analytics: Analytics;
  readonly errors: unknown[];
}
function client(settings: Partial<AnalyticsSettings> = {}): Client {
  const analytics = new Analytics({ writeKey: ground.serverKey.key, host: ground.gate.url, ...settings });
  const errors: unknown[] = [];
  analytics.on('error', ({ reason }) => errors.push(reason));
  return { analytics, errors };
}

test('each call of @segment/analytics-node arrives in its columns once the client is closed', async () => {
  const { analytics, errors } = client();
  analytics.identify(CALLS.identify);
  analytics.track(CALLS.track);
  analytics.page({ ...CALLS.page, category: 'Docs' });
  analytics.screen(CALLS.screen);
  analytics.group(CALLS.group);
  analytics.alias(CALLS.alias);
  await analytics.closeAndFlush();

  expect(errors).toEqual([]);
  const { events, failed } = await ground.landed();
  expect(failed).toEqual([]);
  expect(events).toMatchObject(ROWS);
  expect(JSON.parse(events[2]!.properties!)).toMatchObject({ category: 'Docs' });
  for (const event of events) {
    expect(event).toMatchObject({ write_key_id: ground.serverKey.id, library: '@segment/analytics-node/3.1.0' });
    expect(JSON.parse(event.context!)).toMatchObject({ locale: 'en-GB' });
  }
  expect(JSON.stringify(events)).not.toContain(CONTEXT.ip);
  expect(ground.gate.passages.map(({ path, headers, status }) => [path, headers['content-type'], status])).toEqual([
    ['/v1/batch', 'application/json', 200],
  ]);
});

test('keeps the time, the message id and the integrations that the caller gives', async () => {
  const { analytics } = client();
  const aMinuteAgo = new Date(Date.now() - 60_000);
  analytics.track({ ...CALLS.track, timestamp: aMinuteAgo, messageId: 'order-O-1', integrations: { All: false, CRM: true } });
  await analytics.closeAndFlush();
  const [event] = (await ground.landed()).events;
  expect(event).toMatchObject({
    message_id: 'order-O-1',
    original_timestamp: aMinuteAgo.toISOString(),
    integrations: '{"All":false,"CRM":true}',
  });
  const waited = Date.parse(event!.received_at) - Date.parse(event!.occurred_at);
  expect(waited).toBe(Date.parse(event!.sent_at!) - aMinuteAgo.getTime());
});

test.each([
  ['before the edge stored them', false, 1],
  ['after the edge stored them', true, 2],
])('sends again the events of a request that was answered 503 %s; they count once', async (_, isStored, copies) => {
  ground.gate.faults.push({ status: 503, retryAfter: 1, isStored });
  const { analytics, errors } = client();
  for (const order of ['O-1', 'O-2', 'O-3']) analytics.track({ ...CALLS.track, properties: { order_id: order } });
  await analytics.closeAndFlush();

  expect(errors).toEqual([]);
  expect(ground.gate.passages.map(({ status, headers }) => [status, headers['x-retry-count']])).toEqual([
    [503, undefined],
    [200, '1'],
  ]);
  const { events } = await ground.landed();
  expect(events.length).toBe(3 * copies);
  const once = await ground.eventually(3);
  expect(once.map((event) => event.properties)).toEqual(['{"order_id":"O-1"}', '{"order_id":"O-2"}', '{"order_id":"O-3"}']);
});

test('waits as long as a 429 says, without using up its retries', async () => {
  ground.gate.faults.push({ status: 429, retryAfter: 1, isStored: false });
  const { analytics, errors } = client({ maxRetries: 0 });
  analytics.track(CALLS.track);
  await analytics.closeAndFlush();
  expect(errors).toEqual([]);
  const [refused, taken, ...others] = ground.gate.passages;
  expect([refused!.status, taken!.status, others]).toEqual([429, 200, []]);
  // Timers may fire up to a millisecond early.
  expect(taken!.at - refused!.at).toBeGreaterThanOrEqual(999);
  expect((await ground.landed()).events.length).toBe(1);
});

test('says that a wrong key is refused, and does not try again', async () => {
  const { analytics, errors } = client({ writeKey: 'sk_nobody_knows_this_one' });
  analytics.track(CALLS.track);
  await analytics.closeAndFlush();
  expect(errors).toMatchObject([{ message: '[401] Unauthorized' }]);
  expect(ground.gate.passages.map(({ status }) => status)).toEqual([401]);
  expect(await ground.landed()).toEqual({ events: [], failed: [] });
});

test('is told 200 where one event is refused; the others are stored and that one is among the failed', async () => {
  const { analytics, errors } = client();
  analytics.track({ ...CALLS.track, messageId: 'good' });
  analytics.track({ ...CALLS.track, messageId: 'bad', event: 'E'.repeat(257) });
  await analytics.closeAndFlush();
  expect(errors).toEqual([]);
  const { events, failed } = await ground.landed();
  expect(events.map((event) => event.message_id)).toEqual(['good']);
  expect(failed).toMatchObject([{ message_id: 'bad', reason: 'invalid_value', path: 'event' }]);
});

test("with a browser's key, address and program are those of the connection", async () => {
  const { analytics } = client({ writeKey: ground.browserKey.key });
  analytics.page(CALLS.page);
  await analytics.closeAndFlush();
  expect((await ground.landed()).events).toMatchObject([
    { anonymous_id: VISITOR, write_key_id: ground.browserKey.id, user_agent: 'analytics-node-next/latest', is_bot: true },
  ]);
});

test('is set up as the documentation says', async () => {
  const { analytics } = await documentedModule<{ analytics: Analytics }>(ground, 'clients.md', 'ts segment-node', [
    ['https://www.example.com', ground.gate.url],
    ['/t/v1/batch', '/v1/batch'],
  ]);
  analytics.track(CALLS.track);
  await analytics.closeAndFlush();
  expect((await ground.landed()).events).toMatchObject([{ write_key_id: ground.serverKey.id, event: 'Order Completed' }]);
});
