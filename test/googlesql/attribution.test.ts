import { afterAll, beforeAll, expect, test } from 'vitest';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { expectedCredits } from '../../pipeline/models/attribution/testing/expected.ts';
import { customModels } from '../../pipeline/models/attribution/custom.ts';
import { creditRows } from '../../pipeline/models/attribution/credits.ts';
import { ATTRIBUTION, creditTables } from '../../pipeline/models/attribution/tables.ts';
import {
  BY_ENGAGEMENT,
  type ExpectedRow,
  MODELS_CONFIG,
  expectedRows,
  inKeyOrder,
  modelWorlds,
  rowsOfWorlds,
} from '../../pipeline/models/attribution/testing/model-worlds.ts';
import { EMPTY, ENGAGEMENT, type State, arrive, nextState, settings } from '../../pipeline/models/attribution/testing/worlds.ts';
import { CONVERSIONS } from '../../pipeline/models/conversions/tables.ts';
import { IDENTITIES } from '../../pipeline/models/identity/tables.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { SESSIONS } from '../../pipeline/models/sessions/tables.ts';
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
import { raw, sql, table } from '../../pipeline/warehouse/sql.ts';
import type { Row } from '../../pipeline/warehouse/warehouse.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine?.stop());

const keyOf = (row: object): string => JSON.stringify(Object.values(row).slice(0, 4));
const inOrder = <T extends object>(rows: readonly T[]): T[] => rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

/** Rows of a table; person keys do not fit a number. */
async function rowsOf({ warehouse }: World, name: string): Promise<Row[]> {
  const key = name === 'attribution' ? '' : ', cast(person_key as string) as person';
  const rows = await warehouse.rows(sql`select ${raw(COLUMNS[name]! + key)} from ${table(name)}`);
  return inOrder(rows);
}

const COLUMNS: Readonly<Record<string, string>> = {
  attribution:
    'conversion_name, conversion_id, model, session_id, credit, value_micros, click_time, reason, channel, inherited_from_name, inherited_from_id',
  report_credits:
    'conversion_name, conversion_id, model, session_id, credit, value_micros, click_date, conversion_date, channel, source, medium, reason',
  report_sessions: 'session_id, click_date, session_number, channel, source, medium',
};

test.each([
  ['direct', 12, 3, []],
  ['empty', 4, 1, [ENGAGEMENT]],
  ['always', 4, 1, []],
  ['never', 4, 1, []],
] as const)(
  'every night both engines credit as the definition says, and report the same; self-reported: %s',
  { timeout: 120_000 },
  async (policy, count, nights, own) => {
    const next = randomNumbers(11);
    const names = Array.from({ length: count }, (_, i) => `w${i}x`);
    const worlds = [await openWorld(settings(policy, own)), await openWorld(settings(policy, own), new GoogleSqlWarehouse(engine))];
    const heads = new Set<unknown>();
    let before: State = EMPTY;
    try {
      for (let night = 0; night < nights; night++) {
        const now = nextState(before, names, next);
        const expected = inOrder(expectedCredits(now, policy, own));
        const contents: Row[][][] = [];
        for (const world of worlds) {
          await world.file(ENGAGEMENT.sql, BY_ENGAGEMENT);
          await arrive(world, before, now);
          await world.run(attribution, reports);
          expect(await rowsOf(world, 'attribution'), `night ${night}, ${world.warehouse.dialect.name}`).toEqual(expected);
          contents.push(await Promise.all(['report_credits', 'report_sessions'].map((name) => rowsOf(world, name))));
        }
        expect(contents[1], `reports of night ${night}`).toEqual(contents[0]);
        for (const { inherited_from_name } of expected) heads.add(inherited_from_name);
        before = now;
      }
    } finally {
      for (const world of worlds) await world.close();
    }
    expect(heads.size).toBeGreaterThan(1);
  },
);

/** A request takes four megabytes: this many worlds fit, with what they are answered. */
const WORLDS_PER_REQUEST = 84;

test('in the 1,000 random worlds every model credits as its definition says', { timeout: 120_000 }, async () => {
  const all = modelWorlds(1000, 5);
  const world = await openWorld(MODELS_CONFIG, new GoogleSqlWarehouse(engine));
  try {
    await world.file('engagement.sql', BY_ENGAGEMENT);
    const { warehouse, config, folder } = world;
    const custom = await customModels({ warehouse, config, configFolder: folder });
    const credits = creditRows(warehouse.dialect, config, { names: { but: [] }, custom });
    const columns = raw('conversion_name, conversion_id, model, session_id, credit, value_micros');
    const { touches } = creditTables(config);
    for (let from = 0; from < all.length; from += WORLDS_PER_REQUEST) {
      const worlds = all.slice(from, from + WORLDS_PER_REQUEST);
      const rows = rowsOfWorlds(worlds);
      await warehouse.load(IDENTITIES, rows.identities, { replace: true });
      await warehouse.load(SESSIONS, rows.sessions, { replace: true });
      await warehouse.load(CONVERSIONS, rows.conversions, { replace: true });
      await warehouse.load(touches, [], { replace: true });
      await warehouse.append(touches, credits);
      const found = await warehouse.rows<Row & ExpectedRow>(sql`select ${columns} from ${table(ATTRIBUTION.name)} as credits`);
      const expected = inKeyOrder(expectedRows(worlds, config));
      expect(inKeyOrder(found), `worlds from ${from}`).toEqual(expected);
    }
  } finally {
    await world.close();
  }
});
