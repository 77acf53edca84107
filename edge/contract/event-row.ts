import * as z from 'zod/mini';
import { type Column, columnsOf, stored } from './columns.ts';
import { EMAIL_HASH_ORIGINS, EVENT_TYPES } from './event-types.ts';

export type { EmailHashOrigin, EventType } from './event-types.ts';

const text = (description: string) => stored(z.nullable(z.string()), 'STRING', description);
const requiredText = (description: string) => stored(z.string().check(z.minLength(1)), 'STRING', description);
/** ISO 8601 in UTC with a trailing `Z`; three or six digits of fraction. */
const instant = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(\d{3}|\d{6})Z$/));
const time = (description: string) => stored(z.nullable(instant), 'TIMESTAMP', description);
const requiredTime = (description: string) => stored(instant, 'TIMESTAMP', description);
const flag = (description: string) => stored(z.boolean(), 'BOOL', description);
/** JSON columns travel as text, so that neither BigQuery's streaming nor DuckDB's reader reinterprets them. */
const json = (description: string) => stored(z.nullable(z.string()), 'JSON', description);

/**
 * One event as it is stored. The columns are fixed: whatever a client sends beyond them lies in the JSON columns,
 * so that a new property never needs a change of a table.
 */
export const EventRow = z.object({
  write_key_id: requiredText('Id of the write key the event came with, never the key itself.'),
  message_id: requiredText("The client's id of the event; the key of deduplication together with write_key_id."),
  type: stored(z.enum(EVENT_TYPES), 'STRING', 'identify, track, page, screen, group or alias.'),
  event: text('Name of a track event; name of a page or screen.'),
  anonymous_id: text('The visitor id of one browser, as in its first-party cookie.'),
  user_id: text("The site's own id of a signed-in user; an e-mail address is replaced by its hash."),
  previous_id: text('The former id of an alias call.'),
  group_id: text('The account of a group call.'),
  sequence: stored(z.nullable(z.int()), 'INT64', "The client's counter; orders events of the same instant."),
  occurred_at: requiredTime('When the event happened, corrected for the skew of the client clock.'),
  received_at: requiredTime('When the edge received the event.'),
  sent_at: time('When the client said it sent the request.'),
  original_timestamp: time('When the client said the event happened.'),
  email_hashes: stored(
    z.array(
      z.object({
        hash: requiredText('SHA-256, hex, of the normalised address.'),
        origin: stored(z.enum(EMAIL_HASH_ORIGINS), 'STRING', 'form, identify, url or server.'),
      }),
    ),
    'STRUCT',
    'Hashed e-mail addresses the event carried.',
  ),
  ga_client_id: text('Google Analytics client id, from the _ga cookie.'),
  page_url: text('Address of the page, e-mail addresses replaced.'),
  page_path: text('Path of the page.'),
  page_title: text('Title of the page.'),
  referrer: text('Address the visitor came from.'),
  utm_source: text('utm_source of the landing page.'),
  utm_medium: text('utm_medium of the landing page.'),
  utm_campaign: text('utm_campaign of the landing page.'),
  utm_term: text('utm_term of the landing page.'),
  utm_content: text('utm_content of the landing page.'),
  utm_id: text('utm_id of the landing page.'),
  click_ids: stored(
    z.array(
      z.object({
        name: requiredText('Parameter name, for example gclid.'),
        value: requiredText('Parameter value, case preserved.'),
      }),
    ),
    'STRUCT',
    'Ad click ids of the landing page.',
  ),
  ip_hash: text('Keyed hash of the address (IPv6 by /64); the address itself is never stored.'),
  ip_key_id: text('Which key ip_hash was made with.'),
  country: text('Country code, ISO 3166-1 alpha-2.'),
  region: text('Region.'),
  city: text('City.'),
  timezone: text('IANA time zone of the visitor.'),
  user_agent: text('User agent, at most 1,024 characters.'),
  device_type: text('desktop, mobile, tablet, tv or NULL.'),
  browser: text('Browser name.'),
  os: text('Operating system name.'),
  is_bot: flag('The user agent is one of a known bot, or empty in a browser key.'),
  is_internal: flag('Traffic of the company itself.'),
  consent: text('granted, denied or NULL.'),
  engaged_seconds: stored(z.nullable(z.number()), 'FLOAT64', 'Active seconds on the page, as the tracker counted them.'),
  properties: json('Properties of track, page and screen calls.'),
  traits: json('Traits of identify and group calls.'),
  context: json('The rest of the Segment context.'),
  integrations: json('The integrations object, as sent.'),
  library: text('Name and version of the client, for example touchtrail.js/0.1.0.'),
  edge_instance: requiredText('The edge isolate that packed the delivery.'),
  edge_sequence: stored(z.int(), 'INT64', 'Number of the delivery within its edge isolate.'),
});
/** A stored event as a value. */
export type EventRow = z.infer<typeof EventRow>;
/** A row as it is written: a column that would be NULL is left out. */
export type Written<Row> = { readonly [Name in keyof Row as null extends Row[Name] ? never : Name]: Row[Name] } & {
  readonly [Name in keyof Row as null extends Row[Name] ? Name : never]?: Row[Name] | undefined;
};
/** The columns of a stored event, from which both warehouses' tables are made. */
export const EVENT_COLUMNS: readonly Column[] = columnsOf(EventRow);

/** A written event as the warehouses read it: a column that is missing is NULL. */
export function storedEvent(row: Written<EventRow>): EventRow {
  const nulls = EVENT_COLUMNS.flatMap(({ name, mode }) => (mode === 'nullable' ? [[name, null]] : []));
  return { ...Object.fromEntries(nulls), ...row } as EventRow;
}

/** A rejected event: nothing that was acknowledged is thrown away, it is kept here with the reason. */
export const FailedEventRow = z.object({
  write_key_id: text('Id of the write key.'),
  message_id: text('The message id, if it could be read.'),
  received_at: requiredTime('When the edge received the event.'),
  position: stored(
    z.nullable(z.int()),
    'INT64',
    'Place of the event in its request, from 0; NULL where the whole request was refused, or the event later by the warehouse.',
  ),
  reason: requiredText('Machine-readable reason, for example invalid_type.'),
  path: text('Where in the payload.'),
  detail: text('The reason in words, with what was expected.'),
  payload: text('The payload as text, cleaned of e-mail addresses, at most 32 KB.'),
  edge_instance: requiredText('The edge isolate that packed the delivery.'),
  edge_sequence: stored(z.int(), 'INT64', 'Number of the delivery within its edge isolate.'),
});
/** A rejected event as a value. */
export type FailedEventRow = z.infer<typeof FailedEventRow>;
/** The columns of a rejected event. */
export const FAILED_EVENT_COLUMNS: readonly Column[] = columnsOf(FailedEventRow);

/**
 * The accounting header of one packed delivery. Per edge instance the sequence counts 1, 2, 3 … without a gap,
 * so that a missing delivery can be seen; `count` says how many rows (events and failed events) it carries.
 *
 * A number may have several headers: of a delivery that was stored although its answer was lost, one with its rows, and one
 * with the count 0 that was written because it seemed missing. **Of the headers of one number the greatest `count` holds.**
 */
export const DeliveryRow = z.object({
  edge_instance: requiredText('The edge isolate.'),
  edge_sequence: stored(z.int(), 'INT64', 'Number of the delivery, from 1 without gaps.'),
  received_at: requiredTime('When the edge received the request.'),
  write_key_id: requiredText('Id of the write key.'),
  count: stored(z.int(), 'INT64', 'Rows in the delivery: events and failed events.'),
});
/** The header of a delivery as a value. */
export type DeliveryRow = z.infer<typeof DeliveryRow>;
/** The columns of a header. */
export const DELIVERY_COLUMNS: readonly Column[] = columnsOf(DeliveryRow);
