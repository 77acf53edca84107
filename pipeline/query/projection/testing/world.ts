import { addDays } from '../../../config/calendar.ts';
import { REPORT_ADS } from '../../../models/costs/tables.ts';
import { REPORT_COSTS, REPORT_CREDITS, REPORT_OTHER_COSTS, REPORT_SESSIONS } from '../../../models/reports/tables.ts';
import type { Row, TableDefinition } from '../../../warehouse/warehouse.ts';
import type { Publication } from '../../publication.ts';
import { PUBLICATION } from '../../testing/world.ts';

/** In the night to 30 June in Berlin: the last full day is the 29th. */
export const PUBLISHED: Publication = {
  ...PUBLICATION,
  published_at: '2026-06-30T03:00:00.000000Z',
  data_up_to: '2026-06-30T01:00:00.000000Z',
};
export const LAST = '2026-06-29';
const EMAIL = { channel: 'Email', source: 'newsletter', medium: 'email' };
const DIRECT = { channel: 'Direct', source: 'direct', medium: 'none' };
const FULL = 1_000_000_000;

const credit = (id: string, session: Row, conversion_date: string, more: Row = {}): Row => ({
  ...session,
  conversion_name: 'closed_won',
  conversion_id: id,
  model: 'first_click',
  conversion_date,
  credit: FULL,
  value_micros: 100_000_000,
  params: [],
  ...more,
});

/**
 * On each of 21 days ten sessions by newsletter, and each of them buys for 100: five on the day, five after 10 days. Of deals
 * of another model there are too few, and what came directly never buys.
 */
function world(): { sessions: Row[]; credits: Row[] } {
  const sessions: Row[] = [];
  const credits: Row[] = [];
  for (let age = 20; age >= 0; age--) {
    const click_date = addDays(LAST, -age);
    for (let i = 0; i < 10; i++) {
      const session = { session_id: `s${age}-${i}`, person_key: age * 10 + i, session_number: 1, click_date, ...EMAIL };
      sessions.push(session, { ...session, session_id: `d${age}-${i}`, ...DIRECT });
      const conversion_date = addDays(click_date, i < 5 ? 0 : 10);
      if (conversion_date <= LAST) credits.push(credit(`c${age}-${i}`, session, conversion_date));
    }
  }
  const nobody = { session_id: '', person_key: null, channel: '(not attributed)', source: '(not attributed)', medium: '(not attributed)' };
  return {
    sessions,
    credits: [
      ...credits,
      credit('lost', { ...nobody, click_date: LAST, reason: 'unknown_identifier' }, LAST),
      // Bought in the night that the data ends with: the day has just begun.
      credit(
        'night',
        sessions.find(({ session_id }) => session_id === 's9-9')!,
        '2026-06-30',
      ),
      ...credits.slice(0, 49).map((row) => ({ ...row, model: 'last_click' })),
    ],
  };
}

/** The tables of the world that reports read. */
export function projectionTables(): readonly (readonly [TableDefinition, readonly Row[]])[] {
  const { sessions, credits } = world();
  return [
    [REPORT_SESSIONS, sessions],
    [REPORT_CREDITS, credits],
    [REPORT_COSTS, []],
    [REPORT_OTHER_COSTS, []],
    [REPORT_ADS, []],
  ];
}
