import { flatRows, type FlatTable } from '../export/flat.ts';
import type { BehindConversion } from './behind.ts';
import type { Journey, JourneyConversion, JourneySession, PendingEvent, Signal } from './types.ts';

/** The conversions behind a number as a table for files: plain numbers, no total. */
export function behindTable(conversions: readonly BehindConversion[]): FlatTable {
  return flatRows<BehindConversion>(
    {
      conversion: 'STRING',
      id: 'STRING',
      conversion_time: 'TIMESTAMP',
      person_id: 'STRING',
      credit: 'FLOAT64',
      value: 'FLOAT64',
      sessions: 'INT64',
      inherited_from: 'STRING',
      reason: 'STRING',
    },
    conversions,
  );
}

/** A line of a journey as files hold it; what its kind does not have is null. */
interface Line {
  /** ISO in UTC; of a credit that of its session, or of its conversion where no session has it. */
  readonly time: string;
  readonly kind: 'signal' | 'session' | 'credit' | 'conversion' | 'pending';
  readonly anonymous_id?: string | null;
  readonly session_id?: string;
  readonly channel?: string;
  readonly source?: string | null;
  readonly medium?: string | null;
  readonly campaign?: string | null;
  readonly landing_path?: string | null;
  readonly page_views?: number;
  readonly conversion?: string;
  readonly conversion_id?: string;
  readonly model?: string;
  /** Fraction of 1: of one conversion and model the credits add up to 1, if all sessions with credit are this person's. */
  readonly credit?: number;
  readonly value?: number | null;
  /** An identifier, the stage before, why there is no session. */
  readonly detail?: string;
}

/** In which order lines of the same instant stand: what led there first. */
const ORDER: readonly Line['kind'][] = ['signal', 'session', 'conversion', 'credit', 'pending'];

/**
 * A journey as a table for files, in the order of time: the signals that tell who it is, sessions, conversions, one line for each
 * credit that a model gives, and what waits for the next run.
 */
export function journeyTable({ signals, sessions, conversions, pending }: Journey): FlatTable {
  const lines = [
    ...signals.flatMap(signalLines),
    ...sessions.flatMap(sessionLines),
    ...conversions.flatMap(conversionLines),
    ...pending.map(pendingLine),
  ];
  const place = ({ kind }: Line) => ORDER.indexOf(kind);
  return flatRows<Line>(
    {
      time: 'TIMESTAMP',
      kind: 'STRING',
      anonymous_id: 'STRING',
      session_id: 'STRING',
      channel: 'STRING',
      source: 'STRING',
      medium: 'STRING',
      campaign: 'STRING',
      landing_path: 'STRING',
      page_views: 'INT64',
      conversion: 'STRING',
      conversion_id: 'STRING',
      model: 'STRING',
      credit: 'FLOAT64',
      value: 'FLOAT64',
      detail: 'STRING',
    },
    lines.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : place(a) - place(b))),
  );
}

function signalLines({ key_name, shown_value, seen }: Signal): Line[] {
  return seen.map(({ anonymous_id, tier, origin, first_seen, verdict, reason }) => ({
    time: first_seen,
    kind: 'signal',
    anonymous_id,
    detail: [`${key_name} ${shown_value}`, origin, tier, verdict, reason].filter(Boolean).join(', '),
  }));
}

function sessionLines({ session_id, anonymous_id, started_at: time, credits, ...session }: JourneySession): Line[] {
  const { channel, source, medium, campaign, landing_path, page_views } = session;
  const common = { time, anonymous_id, session_id, channel, source, medium, campaign, landing_path };
  return [
    { ...common, kind: 'session', page_views },
    ...credits.map(({ conversion, conversion_id, model, credit, value }): Line => ({
      ...common,
      kind: 'credit',
      conversion,
      conversion_id,
      model,
      credit,
      value,
    })),
  ];
}

function conversionLines(conversion: JourneyConversion): Line[] {
  const { name, id, conversion_time: time, value, matched_by, follows, inherited_from: head, self_reported, not_attributed } = conversion;
  const common = { time, conversion: name, conversion_id: id, value };
  const facts = [
    matched_by && `person found by ${matched_by}`,
    follows && `${follows.days} days after ${follows.name}/${follows.id}`,
    head && `credits of ${head.name}/${head.id}`,
  ];
  return [
    { ...common, kind: 'conversion', detail: facts.filter(Boolean).join(', ') },
    ...self_reported.map(({ model, channel }): Line => ({ ...common, kind: 'credit', channel, model, credit: 1, detail: 'self_reported' })),
    ...not_attributed.map(({ model, reason }): Line => ({ ...common, kind: 'credit', model, credit: 1, detail: reason })),
  ];
}

function pendingLine(event: PendingEvent): Line {
  const { occurred_at: time, anonymous_id, utm_source, utm_medium, utm_campaign, page_path, type, event: name, identifiers } = event;
  return {
    time,
    kind: 'pending',
    anonymous_id,
    source: utm_source,
    medium: utm_medium,
    campaign: utm_campaign,
    landing_path: page_path,
    detail: [name === null ? type : `${type} ${name}`, ...identifiers].join(', '),
  };
}
