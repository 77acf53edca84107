import { afterEach, expect, test } from 'vitest';
import { Random } from '../../../../test/simulator/random.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { events } from '../../events/events.ts';
import { EVENTS_RAW } from '../../events/tables.ts';
import { sessions } from '../../sessions/sessions.ts';
import { expectedRecords, foundRecords } from './testing/oracle-rows.ts';
import { simpleRecords } from './testing/records.ts';
import { CONVERSIONS, NIGHTS, smallWorlds, standingBefore } from './testing/worlds.ts';

const opened: World[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});
async function open(): Promise<World> {
  const world = await openWorld({ conversions: CONVERSIONS });
  opened.push(world);
  return world;
}

const TABLES = ['conversion_records', 'dropped_conversions', 'rejected_conversions'];
const contents = async (world: World) =>
  Object.fromEntries(
    await Promise.all(TABLES.map(async (name) => [name, await world.rows(`select * from ${name} order by all`)] as const)),
  );

test('after each night 300 worlds are what going through their events gives, and at the end what one full build gives', async () => {
  const deliveries = smallWorlds(new Random(20260306), 300);
  const nightly = await open();
  for (let night = 0; night < NIGHTS; night++) {
    await nightly.warehouse.load(EVENTS_RAW, standingBefore(deliveries, night), { replace: true });
    await nightly.run(events, sessions, simpleRecords);
    expect(await foundRecords(nightly.warehouse), `after night ${night}`).toEqual(await expectedRecords(nightly.warehouse));
  }
  const full = await open();
  await full.warehouse.load(EVENTS_RAW, standingBefore(deliveries, NIGHTS - 1), { replace: true });
  await full.run(events, sessions, simpleRecords);
  const [built, rebuilt] = [await contents(nightly), await contents(full)];
  for (const name of TABLES) {
    expect(built[name], name).toEqual(rebuilt[name]);
    expect(built[name]!.length, name).toBeGreaterThan(50);
  }
}, 120_000);
