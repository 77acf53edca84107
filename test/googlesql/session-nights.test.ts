import { afterAll, beforeAll, expect, test } from 'vitest';
import { events } from '../../pipeline/models/events/events.ts';
import { EVENTS_RAW } from '../../pipeline/models/events/tables.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { NIGHTS, smallWorlds, standingAfter } from '../../pipeline/models/sessions/testing/small-worlds.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
import { sql, table } from '../../pipeline/warehouse/sql.ts';
import type { Row } from '../../pipeline/warehouse/warehouse.ts';
import { Random } from '../simulator/random.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

const RULES = { timeoutMinutes: 30, maximumHours: 24 };
const TABLES = ['events', 'event_ids', 'event_days', 'event_changes', 'sessions'] as const;

let engine: GoogleSql;
let worlds: World[] = [];
beforeAll(async () => {
  engine = await GoogleSql.start();
  worlds = [await openWorld({ sessions: RULES }), await openWorld({ sessions: RULES }, new GoogleSqlWarehouse(engine))];
});
afterAll(async () => {
  for (const world of worlds) await world.close();
  engine?.stop();
});

test('after each of several nights of small worlds both engines hold the same events and sessions', async () => {
  const deliveries = smallWorlds(new Random(7), 30, RULES);
  for (let night = 0; night <= NIGHTS; night++) {
    const contents = [];
    for (const world of worlds) {
      await world.warehouse.load(EVENTS_RAW, standingAfter(deliveries, night), { replace: true });
      await world.run(events, sessions);
      contents.push(await Promise.all(TABLES.map((name) => ordered(world, name))));
    }
    for (const [i, name] of TABLES.entries()) expect(contents[0]![i], `${name} after night ${night}`).toEqual(contents[1]![i]);
  }
});

/** The rows of a table in the order of their texts: no two are alike. */
async function ordered(world: World, name: string): Promise<Row[]> {
  const rows = await world.warehouse.rows(sql`select * from ${table(name)}`);
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
