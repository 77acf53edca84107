import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BigQueryFault, InsertCall } from '../../edge/testing/fake-bigquery.ts';
import type { CallFault } from '../../edge/testing/call-fault.ts';
import { doAll } from './schedule.ts';
import { ADMIN_TOKEN, KEYS, World, type WorldOptions } from './world.ts';

let world: World;

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(() => {
  world.end();
  vi.restoreAllMocks();
});

const create = async (options?: WorldOptions) => (world = await World.create(options));

const event = (messageId: string, name = 'clean') => ({ type: 'track', event: name, messageId, anonymousId: 'visitor', properties: {} });

async function send(...batch: object[]): Promise<void> {
  const init = { method: 'POST', headers: { 'X-Write-Key': KEYS.browser }, body: JSON.stringify({ batch }) };
  await doAll(world, [world.request('/v1/batch', init)]);
}

/** Ids of edge isolates and days are left out. */
const actions = () => world.actions.map((action) => action.replace(/(spill|dead|invalid)\/\S+/, '$1/…'));

/** Actions since the last look. */
function newActions(): string[] {
  const said = actions();
  world.actions.length = 0;
  return said;
}

const consume = async (queue = world.queue) => await doAll(world, [world.consume(queue)]);

/** Delivers the same again as soon as it is due. */
async function consumeLater(): Promise<void> {
  await world.time.pass(world.queue.nextDue! - Date.now());
  await consume();
}

const stored = () => world.bigquery.rows('events_raw').map(({ message_id }) => message_id);

/** A fault that a test switches on and off. */
function toggled<Fault>(fault: Fault): { isOn: boolean; readonly choose: () => Fault | undefined } {
  const toggle = { isOn: true, choose: () => (toggle.isOn ? fault : undefined) };
  return toggle;
}

test('a request is answered after its events are queued', async () => {
  await create();
  await send(event('a'), event('b'));
  expect(actions()).toEqual(['sent 1', 'answered 200']);
});

test('where the queue refuses, the archive has the events before the answer', async () => {
  await create({ queue: { fault: () => 'error' } });
  await send(event('a'));
  expect(actions()).toEqual(['put spill/…', 'answered 200']);
});

test('where the queue does not answer, the archive has the events before the answer, although they may be queued', async () => {
  await create({ queue: { fault: () => 'done and hang' } });
  await send(event('a'));
  expect(actions()).toEqual(['sent 1', 'sent 1', 'put spill/…', 'answered 200']);
});

test.each<CallFault>(['error', 'hang'])(
  'where the queue fails and the archive too (%s), the answer is 503; the same again is stored once',
  async (fault) => {
    const queue = toggled(fault);
    const archive = toggled(fault);
    await create({ queue: { fault: queue.choose }, archive: { fault: archive.choose } });
    await send(event('a'));
    expect(newActions()).toEqual(['answered 503']);
    queue.isOn = false;
    await send(event('a'));
    // The second message fills the number of the delivery that was not stored.
    expect(newActions()).toEqual(['sent 1', 'sent 1', 'answered 200']);
    await consume();
    expect(stored()).toEqual(['a']);
    const counts = world.bigquery.rows('deliveries').map(({ edge_sequence, count }) => `${String(edge_sequence)} counts ${String(count)}`);
    expect(new Set(counts)).toEqual(new Set(['1 counts 0', '2 counts 1']));
  },
);

test('a delivery that was queued although nobody said so keeps its count beside the empty one of its number', async () => {
  const queue = toggled<CallFault>('done and error');
  const archive = toggled<CallFault>('error');
  await create({ queue: { fault: queue.choose }, archive: { fault: archive.choose } });
  await send(event('a'));
  queue.isOn = false;
  await send(event('b'));
  await consume();
  const counts = world.bigquery.rows('deliveries').filter(({ edge_sequence }) => edge_sequence === 1);
  expect(new Set(counts.map(({ count }) => count))).toEqual(new Set([0, 1]));
});

test('a message is acknowledged after its rows are stored, its header last of them', async () => {
  await create();
  await send(event('a'), event('b'), { type: 'nonsense', messageId: 'c' });
  newActions();
  await consume();
  const said = newActions();
  expect(new Set(said.slice(0, 2))).toEqual(new Set(['stored events_raw 2', 'stored failed_events 1']));
  expect(said.slice(2)).toEqual(['stored deliveries 1', 'acked touchtrail-events-1']);
});

test('a row that the warehouse refuses is kept, and is a failure, before its message is acknowledged; the others are stored', async () => {
  await create({ bigquery: { refusesRow: ({ event: name }) => name === 'bad' } });
  await send(event('a'), event('b', 'bad'), event('c'));
  newActions();
  await consume();
  expect(newActions()).toEqual([
    'stopped events_raw 1 of 3',
    'stored events_raw 2',
    'put invalid/…',
    'stored failed_events 1',
    'stored deliveries 1',
    'acked touchtrail-events-1',
  ]);
  expect(world.bigquery.rows('failed_events')).toMatchObject([{ message_id: 'b', reason: 'warehouse_rejected' }]);
});

test('a row that makes the warehouse refuse the whole request is found by halving', async () => {
  await create({ bigquery: { refusesAll: ({ event: name }) => name === 'bad' } });
  await send(event('a'), event('b'), event('c', 'bad'), event('d'));
  newActions();
  await consume();
  expect(newActions()).toEqual([
    'refused events_raw 400',
    'stored events_raw 2',
    'refused events_raw 400',
    'refused events_raw 400',
    'stored events_raw 1',
    'put invalid/…',
    'stored failed_events 1',
    'stored deliveries 1',
    'acked touchtrail-events-1',
  ]);
});

test('a row that makes the warehouse refuse its request is a failure without company, too', async () => {
  await create({ bigquery: { refusesAll: ({ event: name }) => name === 'bad' } });
  await send(event('a', 'bad'));
  newActions();
  await consume();
  expect(newActions()).toEqual([
    'refused events_raw 400',
    'stopped events_raw 1 of 1',
    'put invalid/…',
    'stored failed_events 1',
    'stored deliveries 1',
    'acked touchtrail-events-1',
  ]);
  expect(world.bigquery.rows('failed_events')).toMatchObject([{ message_id: 'a', reason: 'warehouse_rejected' }]);
  expect(stored()).toEqual([]);
});

test('where the table refuses all, or is not there, no row is a failure', async () => {
  const bigquery = toggled<BigQueryFault>({ kind: 'status', status: 400, reason: 'invalid' });
  await create({ bigquery: { fault: bigquery.choose } });
  await send(event('a'));
  newActions();
  await consume();
  expect(newActions()).toEqual(['refused events_raw 400', 'refused events_raw 400', 'retried touchtrail-events-1']);
  bigquery.isOn = false;
  world.bigquery.dropTable('events_raw');
  await consumeLater();
  expect(newActions()).toEqual(['refused events_raw 404', 'retried touchtrail-events-1']);
  expect(world.bigquery.rows('failed_events')).toEqual([]);
});

test('a refused row that cannot be kept is not acknowledged', async () => {
  const archive = toggled<CallFault>('error');
  await create({ bigquery: { refusesRow: ({ event: name }) => name === 'bad' }, archive: { fault: archive.choose } });
  await send(event('a', 'bad'));
  newActions();
  await consume();
  expect(newActions()).toEqual(['stopped events_raw 1 of 1', 'retried touchtrail-events-1']);
  archive.isOn = false;
  await consumeLater();
  expect(newActions().slice(-4)).toEqual(['put invalid/…', 'stored failed_events 1', 'stored deliveries 1', 'acked touchtrail-events-1']);
});

test.each<BigQueryFault['kind']>(['stored and hang', 'stored and reset', 'stored and cut'])(
  'rows whose answer got lost (%s) are not acknowledged, and come again',
  async (kind) => {
    const bigquery = toggled({ kind } as BigQueryFault);
    await create({ bigquery: { fault: bigquery.choose } });
    await send(event('a'));
    newActions();
    await consume();
    const said = newActions();
    expect(said[0]).toBe('stored events_raw 1');
    expect(said.at(-1)).toBe('retried touchtrail-events-1');
    expect(said.join()).not.toContain('acked');
    bigquery.isOn = false;
    await consumeLater();
    expect(newActions().slice(-2)).toEqual(['stored deliveries 1', 'acked touchtrail-events-1']);
    expect(new Set(stored())).toEqual(new Set(['a']));
  },
);

test('of a message that is partly done the rest is queued before the message is acknowledged', async () => {
  const bigquery = toggled<BigQueryFault>({ kind: 'reset' });
  const fault = ({ table }: InsertCall) => (table === 'failed_events' ? bigquery.choose() : undefined);
  await create({ bigquery: { fault } });
  await send(event('a'), { type: 'nonsense', messageId: 'b' });
  newActions();
  await consume();
  expect(newActions().slice(-2)).toEqual(['sent 1', 'acked touchtrail-events-1']);
  expect(world.queue.bodies()[0]).not.toContain('"message_id":"a"');
  bigquery.isOn = false;
  await consumeLater();
  expect(newActions()).toEqual(['stored failed_events 1', 'stored deliveries 1', 'acked touchtrail-events-2']);
});

test('an isolate that dies after the rows were stored has acknowledged nothing', async () => {
  const death = { isDue: true };
  await create({
    bigquery: {
      fault: ({ table }) => {
        if (table === 'deliveries' && death.isDue) world.killIsolate();
        return undefined;
      },
    },
  });
  await send(event('a'));
  newActions();
  await consume();
  death.isDue = false;
  await consume();
  const said = newActions();
  expect(said.filter((action) => action.startsWith('acked'))).toEqual(['acked touchtrail-events-1']);
  expect(said.at(-1)).toBe('acked touchtrail-events-1');
  expect(new Set(stored())).toEqual(new Set(['a']));
});

test('a dead letter is acknowledged after it is in the archive, and put back before it is deleted there', async () => {
  const bigquery = toggled<BigQueryFault>({ kind: 'reset' });
  const archive = toggled<CallFault>('error');
  await create({ maxRetries: 0, bigquery: { fault: bigquery.choose }, archive: { fault: archive.choose } });
  await send(event('a'));
  await consume();
  newActions();
  await consume(world.deadLetters);
  expect(newActions()).toEqual(['retried touchtrail-dead-1']);
  archive.isOn = false;
  await world.time.pass(world.deadLetters.nextDue! - Date.now());
  await consume(world.deadLetters);
  expect(newActions()).toEqual(['put dead/…', 'acked touchtrail-dead-1']);

  bigquery.isOn = false;
  const init = { method: 'POST', headers: { Authorization: `Bearer ${ADMIN_TOKEN}` }, body: '{"prefix":"dead"}' };
  await doAll(world, [world.request('/internal/replay', init)]);
  expect(newActions()).toEqual(['sent 1', 'deleted dead/…', 'answered 200']);
  await consume();
  expect(stored()).toEqual(['a']);
});

test('what was spilled is queued again before it is deleted', async () => {
  const queue = toggled<CallFault>('error');
  await create({ queue: { fault: queue.choose } });
  await send(event('a'));
  newActions();
  await doAll(world, [world.scheduled()]);
  expect(newActions()).toEqual([]);
  queue.isOn = false;
  await doAll(world, [world.scheduled()]);
  expect(newActions()).toEqual(['sent 1', 'deleted spill/…']);
});

test('tokens that are refused are replaced by new ones within the same delivery', async () => {
  await create();
  await send(event('a'));
  await consume();
  newActions();
  await world.time.pass(10_000);
  world.revokeTokens();
  await world.time.pass(120_000);
  await send(event('b'));
  newActions();
  await consume();
  expect(newActions()).toEqual(['refused events_raw 401', 'stored events_raw 1', 'stored deliveries 1', 'acked touchtrail-events-2']);
});
