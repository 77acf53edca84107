import { type World, instant } from '../../../testing/world.ts';
import { CONVERSIONS } from '../../conversions/tables.ts';
import { EVENTS } from '../../events/tables.ts';
import { IDENTITIES } from '../../identity/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';
import { sessionRow } from './worlds.ts';

export const MICROS = 1_000_000;

/** Columns of a conversion that a test sets otherwise. */
export type ConversionColumns = Record<string, string | number | null>;

/** A session of the person. */
export interface Touch {
  readonly id: string;
  readonly at: string;
  readonly direct?: boolean;
  readonly who?: string;
}

/** Sessions of one person `p` (or of `who`), and the event with which tracking began. */
export async function loadTouches(world: World, ...given: readonly Touch[]): Promise<void> {
  const visitors = [...new Set(given.map(({ who }) => who ?? 'p'))];
  const began = {
    write_key_id: 'wk_1',
    message_id: 'm1',
    type: 'page',
    anonymous_id: 'p',
    is_bot: false,
    is_internal: false,
    edge_instance: 'e',
    edge_sequence: 1,
  };
  await world.load(EVENTS, [{ ...began, occurred_at: instant('2025-01-01 00:00'), received_at: instant('2025-01-01 00:00') }]);
  await world.load(
    IDENTITIES,
    visitors.map((who) => ({ anonymous_id: who, person_id: 'p', person_key: 1, first_seen: instant('10:00') })),
  );
  await world.load(
    SESSIONS,
    given.map(({ id, at, direct = false, who = 'p' }) => sessionRow({ id, visitor: who, at: instant(at), direct })),
  );
}

/** The lead `L1` of that person, worth 100. */
export async function loadConversion(world: World, at: string, more: ConversionColumns = {}): Promise<void> {
  await world.load(CONVERSIONS, [
    {
      conversion_name: 'lead',
      id: 'L1',
      conversion_time: instant(at),
      attribution_time: instant(at),
      conversion_date: '2026-03-02',
      client_id: 'p',
      value_micros: 100 * MICROS,
      person_id: 'p',
      person_key: 1,
      matched_by: 'client_id',
      ...more,
    },
  ]);
}
