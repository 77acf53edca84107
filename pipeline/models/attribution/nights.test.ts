import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { type World, openWorld } from '../../testing/world.ts';
import { forgetDefinitions } from '../definitions.ts';
import { reports } from '../reports/reports.ts';
import { attribution } from './attribution.ts';
import { expectedCredits } from './testing/expected.ts';
import { BY_ENGAGEMENT } from './testing/model-worlds.ts';
import { EMPTY, ENGAGEMENT, type State, arrive, nextState, settings } from './testing/worlds.ts';

/** Worlds do not touch each other: all of a kind lie in one database. */
const WORLDS = 150;

const tablesOf = async (world: World) => ({
  attribution: await world.rows('select * from attribution order by conversion_name, conversion_id, model, session_id'),
  report_sessions: await world.rows('select cast(columns(*) as varchar) from report_sessions order by session_id'),
  report_credits: await world.rows(
    'select cast(columns(*) as varchar) from report_credits order by conversion_name, conversion_id, model, session_id',
  ),
  report_sources: await world.rows(
    'select * replace (cast(source_key as varchar) as source_key, cast(ad_reference as varchar) as ad_reference) from report_sources order by source_key',
  ),
});

/** The assertion itself is slow on thousands of rows, and needed for its message only. */
function expectSame(found: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(found, expected)) expect(found, what).toEqual(expected);
}

const keyOf = (row: object): string => JSON.stringify(Object.values(row).slice(0, 4));
const inOrder = <T extends object>(rows: readonly T[]): T[] => rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

test.each([
  ['direct', 4, []],
  // Also by a model of one's own, from which heirs inherit as from any other.
  ['empty', 3, [ENGAGEMENT]],
  ['always', 2, []],
  ['never', 2, []],
] as const)(
  `on ${WORLDS} random worlds every night credits as the definition says, and all as a rebuild does; self-reported: %s`,
  { timeout: 120_000 },
  async (policy, nights, own) => {
    const next = randomNumbers(policy.length * 7 + policy.charCodeAt(0));
    const names = Array.from({ length: WORLDS }, (_, i) => `w${i}x`);
    const world = await openWorld(settings(policy, own));
    await world.file(ENGAGEMENT.sql, BY_ENGAGEMENT);
    const seen = { heads: new Set<unknown>(), owned: new Set<unknown>(), reasons: new Set<unknown>(), touched: 0, conversions: 0 };
    try {
      let before: State = EMPTY;
      for (let night = 0; night < nights; night++) {
        const now = nextState(before, names, next);
        await arrive(world, before, now);
        const [queued] = await world.rows('select count(*) as touched from touched_conversions');
        await world.run(attribution, reports);
        const { attribution: credits } = await tablesOf(world);
        expectSame(inOrder(credits), inOrder(expectedCredits(now, policy, own)), `night ${night}`);
        if (night > 0) seen.touched += queued!['touched'] as number;
        if (night > 0) seen.conversions += now.conversions.length;
        for (const row of credits) seen.heads.add(row['inherited_from_name']);
        for (const row of credits)
          if (row['model'] === ENGAGEMENT.name && row['session_id'] !== '') seen.owned.add(row['inherited_from_name']);
        for (const row of credits) seen.reasons.add(row['reason']);
        before = now;
      }
      for (const name of [
        'touched_conversions',
        'touched_credits',
        'person_changes',
        'event_changes',
        'staged_credits',
        'staged_attributed',
      ])
        expect(await world.rows(`select count(*) as held from ${name}`), name).toEqual([{ held: 0 }]);
      const incremental = await tablesOf(world);
      await forgetDefinitions(world.warehouse, ['attribution', 'reports']);
      await world.run(attribution, reports);
      expectSame(incremental, await tablesOf(world), 'a rebuild');
      // The worlds reach every rule, and a night leaves many conversions alone.
      expect(seen.heads).toEqual(new Set([null, 'lead', 'mql', 'opportunity']));
      expect(seen.owned).toEqual(new Set(own.length === 0 ? [] : [null, 'lead', 'mql', 'opportunity']));
      const reasons = [null, 'before_tracking', 'no_identifier', 'no_session_in_window', ...(policy === 'never' ? [] : ['self_reported'])];
      expect(seen.reasons).toEqual(new Set(reasons));
      expect(seen.touched).toBeLessThan(seen.conversions / 2);
    } finally {
      await world.close();
    }
  },
);
