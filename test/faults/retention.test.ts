import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Config } from '../../pipeline/config/schema.ts';
import { forgetDefinitions } from '../../pipeline/models/definitions.ts';
import { NIGHT_STEPS } from '../../pipeline/night/steps.ts';
import { type ErasureWorld, openErasureWorld } from '../../pipeline/privacy/testing/erasure-world.ts';

const event = (message_id: string, anonymous_id: string, received_at: string, more: object = {}) => ({
  event: { message_id, anonymous_id, received_at, ...more },
});
const email = (hash: string) => ({ email_hashes: [{ hash: hash.repeat(64), origin: 'form' as const }] });
/** The ledger tells how it came to be, and that differs. */
const withoutLedger = (tables: Record<string, string[]>) => ({ ...tables, identity_changes: [] });

describe('nights with a retention', () => {
  let world: ErasureWorld;
  afterEach(() => world.close());

  /** Visits around the horizon: before, across midnight, after; two browsers of one person, joined only by what is older. */
  async function land(): Promise<void> {
    await world.land('20260301T000000.000Z-a.ndjson', 1, [
      event('o1', 'old', '2026-03-01T10:00:00.000Z', email('a')),
      event('k1', 'keeps', '2026-03-01T11:00:00.000Z', email('a')),
      event('x1', 'across', '2026-03-01T23:50:00.000Z', { utm_source: 'news', utm_medium: 'email' }),
    ]);
    await world.land('20260302T000000.000Z-b.ndjson', 2, [
      event('x2', 'across', '2026-03-02T00:05:00.000Z'),
      event('k2', 'keeps', '2026-03-02T10:00:00.000Z', email('b')),
      // A copy, received later, of an event that goes.
      event('o1', 'old', '2026-03-02T11:00:00.000Z', { ...email('a'), occurred_at: '2026-03-01T10:00:00.000Z' }),
    ]);
    await world.land('20260303T000000.000Z-c.ndjson', 3, [event('n1', 'new', '2026-03-03T10:00:00.000Z', email('b'))]);
  }

  const full = async (now: string) => {
    await world.night(now, {
      steps: [
        {
          name: 'forget',
          transaction: true,
          run: async ({ warehouse }) => (
            await forgetDefinitions(warehouse, ['events', 'sessions', 'identity']),
            { changes: {}, warnings: [] }
          ),
        },
        ...NIGHT_STEPS,
      ],
    });
    return world.tables();
  };

  const open = async (retention: Config['retention']): Promise<void> => {
    world = await openErasureWorld({ retention, attribution: { lookbackDays: 10 } });
    await land();
  };

  test('night by night what is too old goes, and the tables are those of a rebuild over what is kept', async () => {
    await open({ events_raw: 10, landing: 10, failed_events: 10 });
    await world.night('2026-03-04T03:00:00.000Z');
    expect(
      await world.rows(
        'select count(*) as n from identities where person_id = (select person_id from identities where anonymous_id = $$keeps$$)',
      ),
    ).toEqual([{ n: 3 }]);
    // 12 March less 10 days: the first day that is kept is 2 March.
    await world.night('2026-03-12T03:00:00.000Z');
    expect(await world.rows('select message_id from events order by 1')).toEqual(['k2', 'n1', 'x2'].map((message_id) => ({ message_id })));
    expect(await world.rows('select anonymous_id, started_at, source from sessions order by 1')).toEqual([
      { anonymous_id: 'across', started_at: '2026-03-02T00:05:00.000000Z', source: 'direct' },
      { anonymous_id: 'keeps', started_at: '2026-03-02T10:00:00.000000Z', source: 'direct' },
      { anonymous_id: 'new', started_at: '2026-03-03T10:00:00.000000Z', source: 'direct' },
    ]);
    expect(await world.rows('select anonymous_id, person_id from identities order by 1')).toEqual([
      { anonymous_id: 'across', person_id: 'across' },
      { anonymous_id: 'keeps', person_id: 'keeps' },
      { anonymous_id: 'new', person_id: 'keeps' },
    ]);
    expect(existsSync(path.join(world.dataFolder, 'landing', 'loaded', '20260301T000000.000Z-a.ndjson'))).toBe(false);
    expect(existsSync(path.join(world.dataFolder, 'landing', 'loaded', '20260302T000000.000Z-b.ndjson'))).toBe(true);
    const nightly = await world.tables();
    const rebuilt = await full('2026-03-12T04:00:00.000Z');
    // The ledger tells how it came to be, and that differs.
    expect(withoutLedger(nightly)).toEqual(withoutLedger(rebuilt));

    // A copy that arrives later than its event was deleted does not bring it back.
    await world.land('20260312T100000.000Z-d.ndjson', 4, [
      event('o1', 'old', '2026-03-12T10:00:00.000Z', { ...email('a'), occurred_at: '2026-03-01T10:00:00.000Z' }),
    ]);
    await world.night('2026-03-12T23:00:00.000Z');
    expect(await world.rows(`select count(*) as n from events where anonymous_id = 'old'`)).toEqual([{ n: 0 }]);
  });

  test('with a shorter time for events, and a shorter one still for sessions, nights and a rebuild agree', async () => {
    await open({ events_raw: 20, events: 10, sessions: 9 });
    await world.night('2026-03-04T03:00:00.000Z');
    await world.night('2026-03-11T03:00:00.000Z');
    await world.night('2026-03-12T03:00:00.000Z');
    const nightly = await world.tables();
    expect(nightly['events_raw']).toHaveLength(7);
    expect(await world.rows('select message_id from events order by 1')).toEqual(['k2', 'n1', 'x2'].map((message_id) => ({ message_id })));
    expect(await world.rows('select anonymous_id from sessions')).toEqual([{ anonymous_id: 'new' }]);
    expect(withoutLedger(await full('2026-03-12T04:00:00.000Z'))).toEqual(withoutLedger(nightly));
  });
});
