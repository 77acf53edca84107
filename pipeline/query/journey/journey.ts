import type { EventRow } from '../../../edge/contract/event-row.ts';
import { UserError } from '../../config/user-error.ts';
import { IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { join, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { missingFolder, type OpenPublication } from '../publication.ts';
import { eventKey, landedEvents, processedAlready } from './landed.ts';
import { type IdentityKey, keysOf, keyText, LandedLinks } from './links.ts';
import { findPerson, type Person } from './person.ts';
import { type PublishedJourney, publishedJourney } from './published.ts';
import { type JourneySelector, shownKey, startOf } from './selector.ts';
import { signalsOf } from './signals.ts';
import type { Device, Journey, PendingEvent } from './types.ts';

/**
 * The journey of one person: devices, the signals that joined them, sessions with their credits, conversions, and what
 * has landed since the publication. Works without a publication.
 *
 * @param isEarlier whether the publication is an earlier one: what came after it is left out.
 * @throws UserError where the selector leads to nobody.
 */
export async function findJourney(
  dataFolder: string,
  selector: JourneySelector,
  published: OpenPublication | undefined,
  isEarlier = false,
): Promise<Journey> {
  const publishedUpTo = published?.publication.data_up_to ?? null;
  const links = new LandedLinks();
  let hasLanded = false;
  if (!isEarlier) {
    for await (const event of landedEvents(dataFolder, publishedUpTo)) {
      links.add(event);
      hasLanded = true;
    }
  }

  const start = await startOf(selector, links, published, dataFolder);
  const person = await findPerson(start, links, published?.warehouse);
  const events = hasLanded ? await eventsOf(dataFolder, publishedUpTo, person) : [];
  const known = published ? await publishedJourney(published, person, start.conversions) : NOTHING;
  if (events.length === 0 && known.devices.length === 0 && known.conversions.length === 0) {
    const refused = published ? await refusedAs(published.warehouse, start.keys) : [];
    if (refused.length > 0) {
      throw new UserError(
        `${start.described} was seen, and leads to no person: ${refused.join(', ').replaceAll('_', ' ')}; \`touchtrail identity explain\` says more`,
      );
    }
    throw new UserError(
      `nobody was seen with ${start.described} in ${dataFolder}${missingFolder(dataFolder)}: ${isEarlier ? `not in the publication ${published!.publication.publication_id}` : 'neither in the publication nor in what has landed since'}; bots are left out`,
    );
  }
  return {
    selector: start.described,
    person_ids: person.personIds,
    devices: devicesOf(known, events),
    signals: signalsOf(known.edges, person, links),
    sessions: known.sessions,
    conversions: known.conversions,
    pending: events.map(pendingEvent),
    publication: published
      ? { publication_id: published.publication.publication_id, published_at: published.publication.published_at }
      : null,
  };
}

/** Why edges of these identifiers link nobody. */
async function refusedAs(warehouse: Warehouse, keys: readonly IdentityKey[]): Promise<string[]> {
  if (keys.length === 0) return [];
  const asked = keys.map(({ name, value }) => sql`(key_name = ${name} and key_value = ${value})`);
  const rows = await warehouse.rows<{ reason: string }>(
    sql`select distinct reason from ${table(IDENTITY_EDGES.name)}
      where (${join(asked, ' or ')}) and verdict = 'refused' and reason is not null order by reason nulls first`,
    'refused identifiers',
  );
  return rows.map(({ reason }) => reason);
}

const NOTHING: PublishedJourney = { devices: [], sessions: [], conversions: [], edges: [] };

/** The landed events of a person that wait for the next run, each once, in the order of the contract. */
async function eventsOf(dataFolder: string, publishedUpTo: string | null, person: Person): Promise<EventRow[]> {
  const anonymousIds = new Set(person.anonymousIds);
  const keys = new Set(person.keys.map(keyText));
  const found = new Map<string, EventRow>();
  for await (const event of landedEvents(dataFolder, publishedUpTo)) {
    // A server's event may know the person by an identifier alone.
    const own = event.anonymous_id ? anonymousIds.has(event.anonymous_id) : keysOf(event).some(({ key }) => keys.has(keyText(key)));
    if (own) found.set(eventKey(event), event);
  }
  const processed = await processedAlready(dataFolder, publishedUpTo, [...found.values()]);
  return [...found.values()]
    .filter((event) => !processed.has(eventKey(event)))
    .toSorted(
      (a, b) => compare(a.occurred_at, b.occurred_at) || (a.sequence ?? 0) - (b.sequence ?? 0) || compare(a.message_id, b.message_id),
    );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Devices of the publication, and those that only what has landed knows. */
function devicesOf(known: PublishedJourney, events: readonly EventRow[]): Device[] {
  const devices = new Map(known.devices.map((device) => [device.anonymous_id, device]));
  for (const event of events) {
    const { anonymous_id, occurred_at } = event;
    if (!anonymous_id) continue;
    const device = devices.get(anonymous_id) ?? {
      anonymous_id,
      device_type: event.device_type,
      browser: event.browser,
      os: event.os,
      country: event.country,
      city: event.city,
      first_seen: occurred_at,
      last_seen: occurred_at,
      sessions: 0,
      pending_events: 0,
    };
    devices.set(anonymous_id, {
      ...device,
      first_seen: occurred_at < device.first_seen ? occurred_at : device.first_seen,
      last_seen: occurred_at > device.last_seen ? occurred_at : device.last_seen,
      pending_events: device.pending_events + 1,
    });
  }
  return [...devices.values()].toSorted((a, b) => compare(a.first_seen, b.first_seen) || compare(a.anonymous_id, b.anonymous_id));
}

function pendingEvent(event: EventRow): PendingEvent {
  return {
    anonymous_id: event.anonymous_id,
    occurred_at: event.occurred_at,
    type: event.type,
    event: event.event,
    page_path: event.page_path,
    referrer: event.referrer,
    utm_source: event.utm_source,
    utm_medium: event.utm_medium,
    utm_campaign: event.utm_campaign,
    click_ids: event.click_ids.map(({ name }) => name),
    is_bot: event.is_bot,
    identifiers: keysOf(event).map(({ key, origin }) => `${key.name} ${shownKey(key)} (${origin})`),
  };
}
