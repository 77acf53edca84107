import { ATTRIBUTION } from '../../models/attribution/tables.ts';
import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { IDENTITIES, IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { SESSIONS } from '../../models/sessions/tables.ts';
import { join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { quotient } from '../metrics.ts';
import type { OpenPublication } from '../publication.ts';
import type { Device, JourneyConversion, JourneyCredit, JourneySession } from './types.ts';
import { isOneOf, type Person } from './person.ts';
import type { EdgeRow } from './signals.ts';
import { transitionOf } from './transitions.ts';

/** What the publication knows of a person. */
export interface PublishedJourney {
  readonly devices: readonly Device[];
  readonly sessions: readonly JourneySession[];
  readonly conversions: readonly JourneyConversion[];
  readonly edges: readonly EdgeRow[];
}

interface ConversionId {
  readonly name: string;
  readonly id: string;
}

/** Reads a person's part of the publication. @param asked conversions to show even where they belong to nobody. */
export async function publishedJourney(
  { warehouse, publication }: OpenPublication,
  person: Person,
  asked: readonly ConversionId[],
): Promise<PublishedJourney> {
  const sessions = await sessionRows(warehouse, person);
  const conversions = await conversionRows(warehouse, person, asked);
  const credits = await creditRows(warehouse, conversions);
  const labels = new Map(publication.config.conversions.map(({ name, label }) => [name, label]));
  const labelOf = (name: string) => labels.get(name) ?? name;
  const staged = conversions.map((conversion) => ({ ...conversion, label: labelOf(conversion.name) }));
  const headOf = (credit: CreditRow | undefined) => {
    const { inherited_from_name: name = null, inherited_from_id: id = null } = credit ?? {};
    return name === null || id === null ? null : { name, label: labelOf(name), id };
  };
  return {
    devices: await deviceRows(warehouse, person, sessions),
    sessions: sessions.map((session) => ({
      session_id: session.session_id,
      anonymous_id: session.anonymous_id,
      started_at: session.started_at,
      ended_at: session.ended_at,
      channel: session.channel,
      source: session.source,
      medium: session.medium,
      campaign: session.campaign,
      landing_path: session.landing_path,
      page_views: session.page_views,
      credits: credits.filter(({ session_id }) => session_id === session.session_id).map(creditOf),
    })),
    conversions: conversions.map((row, i) => {
      const { value_micros, lead_id: _, ...conversion } = row;
      const own = credits.filter(({ name, id }) => name === conversion.name && id === conversion.id);
      return {
        ...conversion,
        label: labelOf(conversion.name),
        value: unitsOf(value_micros),
        follows: transitionOf(staged[i]!, staged, publication.config.funnel),
        inherited_from: headOf(own[0]),
        self_reported: own.flatMap(({ model, channel }) => (channel === null ? [] : [{ model, channel }])),
        not_attributed: own
          .filter(({ session_id, channel }) => session_id === '' && channel === null)
          .map(({ model, reason }) => ({ model, reason: reason ?? 'unknown' })),
      };
    }),
    edges: await warehouse.rows<EdgeRow>(
      sql`select anonymous_id, key_name, key_value, tier, origin, first_seen, verdict, reason
        from ${table(IDENTITY_EDGES.name)} where ${isOneOf('anonymous_id', person.anonymousIds, warehouse)}
        order by first_seen nulls first, key_name nulls first, key_value nulls first, anonymous_id nulls first`,
      'identity edges',
    ),
  };
}

type SessionRow = Omit<JourneySession, 'credits'> & Pick<Device, 'device_type' | 'browser' | 'os' | 'country' | 'city'>;

function sessionRows(warehouse: Warehouse, person: Person): Promise<SessionRow[]> {
  return warehouse.rows<SessionRow>(
    sql`select session_id, anonymous_id, started_at, ended_at, channel, source, medium, campaign, landing_path, page_views,
        device_type, browser, os, country, city
      from ${table(SESSIONS.name)} where ${isOneOf('anonymous_id', person.anonymousIds, warehouse)}
      order by started_at nulls first, session_id nulls first`,
    'sessions',
  );
}

/** Devices as their latest session describes them. A device can be known without a session: by a server's event alone. */
async function deviceRows(warehouse: Warehouse, person: Person, sessions: readonly SessionRow[]): Promise<Device[]> {
  const rows = await warehouse.rows<{ anonymous_id: string; first_seen: string }>(
    sql`select anonymous_id, first_seen from ${table(IDENTITIES.name)} where ${isOneOf('anonymous_id', person.anonymousIds, warehouse)}`,
    'devices',
  );
  return rows.map(({ anonymous_id, first_seen }) => {
    const own = sessions.filter((session) => session.anonymous_id === anonymous_id);
    const latest = own.at(-1);
    const last_seen = own.reduce((last, { ended_at }) => (ended_at > last ? ended_at : last), first_seen);
    return {
      anonymous_id,
      device_type: latest?.device_type ?? null,
      browser: latest?.browser ?? null,
      os: latest?.os ?? null,
      country: latest?.country ?? null,
      city: latest?.city ?? null,
      first_seen,
      last_seen,
      sessions: own.length,
      pending_events: 0,
    };
  });
}

type ConversionRow = Omit<JourneyConversion, 'label' | 'value' | 'follows' | 'inherited_from' | 'self_reported' | 'not_attributed'> & {
  readonly lead_id: string | null;
  /** As text: it can be larger than a number holds exactly. */ readonly value_micros: string | null;
};

function conversionRows(warehouse: Warehouse, person: Person, asked: readonly ConversionId[]): Promise<ConversionRow[]> {
  const named = asked.map(({ name, id }) => sql`or (conversion_name = ${name} and id = ${id})`);
  return warehouse.rows<ConversionRow>(
    sql`select conversion_name as name, id, conversion_time, attribution_time, ${valueText(warehouse)}, is_qualified, matched_by, lead_id
      from ${table(CONVERSIONS.name)} where ${isOneOf('person_id', person.personIds, warehouse)} ${join(named, ' ')}
      order by conversion_time nulls first, conversion_name nulls first, id nulls first`,
    'conversions',
  );
}

interface CreditRow extends ConversionId {
  readonly model: string;
  readonly session_id: string;
  readonly credit: number;
  readonly value_micros: string | null;
  readonly reason: string | null;
  readonly channel: string | null;
  readonly inherited_from_name: string | null;
  readonly inherited_from_id: string | null;
}

/** Credits in the order of their conversions. */
async function creditRows(warehouse: Warehouse, conversions: readonly ConversionId[]): Promise<CreditRow[]> {
  if (conversions.length === 0) return [];
  const named = conversions.map(({ name, id }) => sql`(conversion_name = ${name} and conversion_id = ${id})`);
  const rows = await warehouse.rows<CreditRow>(
    sql`select conversion_name as name, conversion_id as id, model, session_id, credit, ${valueText(warehouse)}, reason,
        channel, inherited_from_name, inherited_from_id
      from ${table(ATTRIBUTION.name)} where ${join(named, ' or ')}
      order by conversion_name nulls first, conversion_id nulls first, model nulls first, session_id nulls first`,
    'credits',
  );
  const place = (row: ConversionId) => conversions.findIndex(({ name, id }) => name === row.name && id === row.id);
  return rows.toSorted((a, b) => place(a) - place(b));
}

function creditOf({ name, id, model, credit, value_micros }: CreditRow): JourneyCredit {
  return { conversion: name, conversion_id: id, model, credit: credit / 1e9, value: unitsOf(value_micros) };
}

const valueText = ({ dialect }: Warehouse) => sql`${dialect.castText(raw('value_micros'))} as value_micros`;

const unitsOf = (micros: string | null): number | null => (micros === null ? null : quotient(BigInt(micros), 1_000_000n));
