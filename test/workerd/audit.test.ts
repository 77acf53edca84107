import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Random } from '../simulator/random.ts';
import { IPV4 } from './addresses.ts';
import { auditHeld, auditSettled, copiedRows } from './audit.ts';
import { doAll } from './schedule.ts';
import { Traffic } from './traffic.ts';
import { World } from './world.ts';

// What finds faults has to find them: each test makes one that the edge does not make.

let world: World;
let traffic: Traffic;

beforeEach(async () => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
  const random = new Random(1);
  world = await World.create({ random: random.fork('worker') });
  traffic = new Traffic(world, random.fork('traffic'), 1);
  while (traffic.events < 20) await doAll(world, [traffic.send(1)]);
});
afterEach(() => {
  world.end();
  vi.restoreAllMocks();
});

const consume = async () => await doAll(world, [world.consume(world.queue)]);

/** The rows of a table, to be changed by hand. */
const rowsOf = (table: string) => world.bigquery.rows(table) as Record<string, unknown>[];

test('where nothing went wrong nothing is wrong', async () => {
  await consume();
  expect([auditHeld(world, traffic), auditSettled(world, traffic), copiedRows(world)]).toEqual([[], [], 0]);
});

test('a row that is stored again without a cause is found', async () => {
  await consume();
  const row = rowsOf('events_raw')[0]!;
  rowsOf('events_raw').push(row);
  const place = `${String(row['edge_instance'])}/${String(row['edge_sequence'])}/${String(row['message_id'])}`;
  expect(auditSettled(world, traffic)).toEqual([`${place} is stored 2 times, and 0 copies have a cause`]);
  world.witness.causes.storeUnheard([row]);
  expect(auditSettled(world, traffic)).toEqual([]);
  rowsOf('events_raw').push(row);
  expect(auditSettled(world, traffic)).toEqual([`${place} is stored 3 times, and 1 copies have a cause`]);
});

test('an event that is in more deliveries than requests is found', async () => {
  await consume();
  const row = rowsOf('events_raw')[0]!;
  rowsOf('events_raw').push({ ...row, edge_sequence: 99 });
  expect(auditSettled(world, traffic)).toContain(`${String(row['message_id'])} was sent 1 times and is in 2 deliveries`);
});

test('an event is not held by the archive because another one is whose name begins like its own', async () => {
  const lost = 'name-1-1';
  expect(traffic.accepted.delete(lost)).toBe(true);
  traffic.rejected.add(lost);
  const body = world.queue.bodies().join('');
  world.archive.hold('spill/2026-11-23/one.ndjson', body.replaceAll(new RegExp(`${lost}(?!\\d)`, 'g'), `${lost}2`));
  expect(auditHeld(world, traffic)).toEqual([`rejected ${lost} is nowhere`]);
});

test('an address that leaves the Worker is found', async () => {
  await consume();
  void fetch('https://bigquery.googleapis.com/', { method: 'POST', body: `{"rows":[{"json":{"note":"at ${IPV4}"}}]}` });
  expect(auditSettled(world, traffic)).toEqual([`BigQuery got …{"rows":[{"json":{"note":"at ${IPV4}"}}]}…`]);
});
