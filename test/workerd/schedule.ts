import { Random } from '../simulator/random.ts';
import { auditHeld, auditSettled, copiedRows, UNREADABLE } from './audit.ts';
import { Traffic } from './traffic.ts';
import { Weather } from './weather.ts';
import { ADMIN_TOKEN, World } from './world.ts';

/** What a schedule came to. */
export interface Outcome {
  /** What is wrong before the dead letters are replayed, and after it. */
  readonly held: readonly string[];
  readonly settled: readonly string[];
  /** How often each fault has happened. */
  readonly faults: ReadonlyMap<string, number>;
  /** Events that were sent, dead letters that were replayed, and messages that nobody could read. */
  readonly events: number;
  readonly replayed: number;
  readonly unreadable: number;
  /** Rows that are stored more than once, for a cause. */
  readonly copied: number;
  /** All that happened, in order. */
  readonly actions: readonly string[];
}

/** Google's limit, lowered, so that requests meet it: the Worker keeps to the real one. */
const REQUEST_BYTES = 450_000;
const MOST_REPLAYS = 50;
/** After which whatever is to be tried again is due. */
const LONGEST_DELAY_MS = 15 * 60_000;
/** What was taken is still to be delivered, through more faults. */
const ROUNDS_WITHOUT_TRAFFIC = 15;
/** Each fills some of the numbers of what was not stored. */
const REQUESTS_AFTER = 10;

/** Sends events through faults, lets the faults end, drains the queues, replays the dead letters, and looks where everything is. */
export async function runSchedule(seed: number, events: number): Promise<Outcome> {
  const random = new Random(seed);
  const weather = new Weather(random.fork('weather'));
  const world = await World.create({
    weather,
    random: random.fork('worker'),
    bigquery: {
      refusesRow: ({ event }) => event === 'row refused',
      refusesAll: ({ event }) => event === 'request refused',
      limits: { requestBytes: REQUEST_BYTES },
      // That copies are known by their ids is no promise: half of the schedules do without.
      ...(seed % 2 === 0 && { rememberedMs: 0 }),
    },
  });
  try {
    const traffic = new Traffic(world, random.fork('traffic'), seed);
    let unreadable = 0;
    while (traffic.events < events) {
      weather.change(0.2);
      if (weather.chance('isolate: evicted', 0.02)) world.killIsolate();
      if (weather.chance('bigquery: tokens revoked', 0.03)) world.revokeTokens();
      if (weather.chance('queue: unreadable message', 0.01)) {
        world.queue.inject(UNREADABLE);
        unreadable++;
      }
      const work = [
        traffic.send(random.integer(1, 4)),
        world.consume(world.queue),
        world.consume(world.queue),
        world.consume(world.deadLetters),
      ];
      if (random.chance(0.1)) work.push(world.scheduled(), world.scheduled());
      await doAll(world, work);
      await world.time.pass(random.integer(0, 20_000));
    }
    for (let round = 0; round < ROUNDS_WITHOUT_TRAFFIC; round++) {
      weather.change(0.3);
      const due = world.queue.nextDue;
      if (due !== undefined) await world.time.pass(Math.max(0, due - Date.now()));
      await doAll(world, [world.consume(world.queue), world.consume(world.deadLetters), world.scheduled()]);
    }
    weather.clear();
    while (traffic.isPending) await doAll(world, [traffic.send(0)]);
    await drain(world);
    const held = auditHeld(world, traffic);
    const replayed = await replay(world);
    for (let request = 0; request < REQUESTS_AFTER; request++) await doAll(world, [traffic.sendClean()]);
    await drain(world);
    const stayed = [...world.archive.contents('dead/').values()].filter((text) => text === UNREADABLE).length;
    const settled = auditSettled(world, traffic);
    if (stayed < unreadable) settled.push(`${unreadable} messages were unreadable and ${stayed} of them are kept`);
    return {
      held,
      settled,
      faults: weather.counts,
      events: traffic.events,
      replayed,
      unreadable,
      copied: copiedRows(world),
      actions: world.actions,
    };
  } finally {
    world.end();
  }
}

/** Waits for work in virtual time. */
export async function doAll(world: World, work: readonly Promise<unknown>[]): Promise<void> {
  await world.time.until(work);
  await Promise.all(work);
}

/**
 * Delivers until nothing is left in the queues and nothing is to be put back into them. Nothing new is sent meanwhile: a row that the
 * warehouse refuses together with its request has to be found without other rows beside it.
 */
async function drain(world: World): Promise<void> {
  const queues = [world.queue, world.deadLetters];
  for (;;) {
    await doAll(world, [world.scheduled()]);
    if (queues.every(({ depth }) => depth === 0)) return;
    await world.time.pass(LONGEST_DELAY_MS);
    for (const queue of queues) {
      while (await delivered(world, queue));
    }
  }
}

async function delivered(world: World, queue: World['queue']): Promise<boolean> {
  let isDone = false;
  await doAll(world, [world.consume(queue).then((any) => (isDone = any))]);
  return isDone;
}

/** @returns how many objects were replayed. */
async function replay(world: World): Promise<number> {
  let replayed = 0;
  let cursor: string | undefined;
  for (let call = 0; call < MOST_REPLAYS; call++) {
    const body = JSON.stringify({ prefix: 'dead', limit: 50, cursor });
    const init = { method: 'POST', headers: { Authorization: `Bearer ${ADMIN_TOKEN}` }, body };
    const asked = world.request('/internal/replay', init);
    await doAll(world, [asked]);
    const answer = (await asked)!;
    if (answer.status !== 200) throw new Error(`/internal/replay answered ${JSON.stringify(answer)}`);
    const said = answer.body as { objects: number; cursor?: string };
    replayed += said.objects;
    cursor = said.cursor;
    if (cursor === undefined) {
      await drain(world);
      return replayed;
    }
  }
  throw new Error(`/internal/replay does not come to an end after ${MOST_REPLAYS} calls`);
}
