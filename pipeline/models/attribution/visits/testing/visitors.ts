import { type World, instant } from '../../../../testing/world.ts';
import { CONVERSIONS } from '../../../conversions/tables.ts';
import { IDENTITIES } from '../../../identity/tables.ts';
import { SESSIONS } from '../../../sessions/tables.ts';
import type { Row } from '../../../../warehouse/warehouse.ts';

/** A session as a test writes it: `at` as in `2026-03-02 10:00`; a channel of its own tells it from the others. */
export interface VisitInput {
  readonly at: string;
  readonly channel: string;
  readonly seconds?: number;
  readonly pages?: number;
  readonly device?: string | null;
  /** Another browser of the person; default: their first. */
  readonly browser?: number;
}

export interface VisitorInput {
  readonly person: string;
  /** The person as an integer: those that five divides are held out. */
  readonly key: number;
  readonly visits: readonly VisitInput[];
  /** Attribution times of conversions, by their id. */
  readonly conversions?: Readonly<Record<string, string>>;
  readonly conversionName?: string;
}

/** Makes a world hold persons with their sessions and conversions, beside those that it has. */
export async function loadVisitors(world: World, visitors: readonly VisitorInput[]): Promise<void> {
  await world.load(IDENTITIES, visitors.flatMap(identityRows));
  await world.load(SESSIONS, visitors.flatMap(sessionRows));
  await world.load(CONVERSIONS, visitors.flatMap(conversionRows));
}

const browserOf = (person: string, browser = 1): string => `${person}-${browser}`;

function identityRows({ person, key, visits }: VisitorInput): Row[] {
  const browsers = new Set(visits.map(({ browser }) => browserOf(person, browser)));
  return [...browsers].map((anonymous_id) => ({ anonymous_id, person_id: person, person_key: key, first_seen: instant('10:00') }));
}

function sessionRows({ person, visits }: VisitorInput): Row[] {
  return visits.map(({ at, channel, seconds = 0, pages = 1, device = 'desktop', browser }, i) => ({
    session_id: `${person}-s${i}`,
    anonymous_id: browserOf(person, browser),
    started_at: instant(at),
    ended_at: instant(at),
    start_date: at.slice(0, 10),
    events: 1,
    page_views: pages,
    engaged_seconds: seconds,
    source: channel,
    medium: 'test',
    channel,
    is_direct: channel.startsWith('Direct'),
    device_type: device,
  }));
}

function conversionRows({ person, key, conversions = {}, conversionName = 'lead' }: VisitorInput): Row[] {
  return Object.entries(conversions).map(([id, at]) => ({
    conversion_name: conversionName,
    id,
    conversion_time: instant(at),
    attribution_time: instant(at),
    conversion_date: at.slice(0, 10),
    person_id: person,
    person_key: key,
  }));
}
