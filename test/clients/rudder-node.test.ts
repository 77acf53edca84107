import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { expect, test } from 'vitest';
import { CALLS, CONTEXT, ROWS } from './calls.ts';
import { documentedModule, useEdge } from './ground.ts';

const ground = useEdge();

interface Client {
  readonly analytics: RudderAnalytics;
  readonly errors: Error[];
}
function client(options: object = {}, writeKey = ground.serverKey.key): Client {
  const errors: Error[] = [];
  const analytics = new RudderAnalytics(writeKey, {
    dataPlaneUrl: ground.gate.url,
    // The first event travels alone, and all others when the test says so.
    flushInterval: 600_000,
    logLevel: 'none',
    errorHandler: (error: Error) => errors.push(error),
    ...options,
  });
  return { analytics, errors };
}

test.each([
  ['compressed and labelled as a form', true, { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' }],
  ['as JSON', false, { 'content-type': 'application/json' }],
])('each call of @rudderstack/rudder-sdk-node arrives in its columns, %s', async (_, gzip, headers) => {
  const { analytics, errors } = client({ gzip });
  analytics.identify(CALLS.identify);
  analytics.track(CALLS.track);
  analytics.page(CALLS.page);
  analytics.screen(CALLS.screen);
  analytics.group(CALLS.group);
  analytics.alias(CALLS.alias);
  await analytics.flush();

  expect(errors).toEqual([]);
  const { events, failed } = await ground.landed();
  expect(failed).toEqual([]);
  expect(events).toMatchObject(ROWS);
  for (const event of events) {
    expect(event).toMatchObject({ write_key_id: ground.serverKey.id, library: 'analytics-node/3.0.13' });
    expect(JSON.parse(event.context!)).toMatchObject({ locale: 'en-GB', message: { channel: 'server' } });
  }
  expect(JSON.stringify(events)).not.toContain(CONTEXT.ip);
  expect(ground.gate.passages.map(({ path, status }) => [path, status])).toEqual([
    ['/v1/batch', 200],
    ['/v1/batch', 200],
  ]);
  for (const passage of ground.gate.passages) expect(passage.headers).toMatchObject(headers);
});

test('keeps the time that is given as originalTimestamp', async () => {
  const { analytics } = client();
  const aMinuteAgo = new Date(Date.now() - 60_000);
  analytics.track({ ...CALLS.track, originalTimestamp: aMinuteAgo } as typeof CALLS.track);
  await analytics.flush();
  const [event] = (await ground.landed()).events;
  expect(event).toMatchObject({ original_timestamp: aMinuteAgo.toISOString() });
  expect(Date.parse(event!.received_at) - Date.parse(event!.occurred_at)).toBe(Date.parse(event!.sent_at!) - aMinuteAgo.getTime());
});

test.each([
  ['before the edge stored them', false, 1],
  ['after the edge stored them', true, 2],
])('sends again the events of a request that was answered 503 %s; they count once', async (_, isStored, copies) => {
  ground.gate.faults.push({ status: 503, isStored }, { status: 503, isStored: false });
  const { analytics, errors } = client();
  analytics.track(CALLS.track);
  await analytics.flush();
  expect(errors).toEqual([]);
  expect(ground.gate.passages.map(({ status }) => status)).toEqual([503, 503, 200]);
  expect((await ground.landed()).events.length).toBe(copies);
  expect(await ground.eventually(1)).toMatchObject([{ event: 'Order Completed' }]);
});

test('waits as long as a 429 says', async () => {
  ground.gate.faults.push({ status: 429, retryAfter: 1, isStored: false });
  const { analytics, errors } = client();
  analytics.track(CALLS.track);
  await analytics.flush();
  expect(errors).toEqual([]);
  const [refused, taken, ...others] = ground.gate.passages;
  expect([refused!.status, taken!.status, others]).toEqual([429, 200, []]);
  // Timers may fire up to a millisecond early.
  expect(taken!.at - refused!.at).toBeGreaterThanOrEqual(999);
});

test('says that a wrong key is refused, and does not try again', async () => {
  const { analytics, errors } = client({}, 'sk_nobody_knows_this_one');
  analytics.track(CALLS.track);
  await analytics.flush();
  expect(errors).toMatchObject([{ response: { status: 401 } }]);
  expect(ground.gate.passages.map(({ status }) => status)).toEqual([401]);
  expect(await ground.landed()).toEqual({ events: [], failed: [] });
});

test('is set up as the documentation says', async () => {
  const { analytics } = await documentedModule<{ analytics: RudderAnalytics }>(ground, 'clients.md', 'ts rudder-node', [
    ['https://www.example.com/t', ground.gate.url],
  ]);
  analytics.track(CALLS.track);
  await analytics.flush();
  expect((await ground.landed()).events).toMatchObject([{ write_key_id: ground.serverKey.id, event: 'Order Completed' }]);
});
