import type { AddressRange } from '../contract/cidr.ts';
import type { EventRow } from '../contract/event-row.ts';
import type { IpHasher } from '../contract/ip.ts';
import { idOrNull, IncomingMessage } from '../contract/message.ts';
import type { AuthenticatedKey } from './auth.ts';
import { type Instant, occurredAt, parseInstant } from './clock.ts';
import { deviceColumns } from './device.ts';
import { emailHashes } from './email-hashes.ts';
import { isInternal } from './internal-traffic.ts';
import { type Members, objectAt, textAt, toJsonColumn, without } from './members.ts';
import { CAMPAIGN_MEMBERS, campaignColumns, campaignUrl, clickIds, pageColumns } from './page.ts';
import { asksForPrivacy } from './privacy-control.ts';
import type { EventRejection } from './rejections.ts';

/** What the connection itself says about the visitor; clients cannot set it. */
export interface RequestFacts {
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly timezone: string | null;
}

/** What all events of a request have in common. */
export interface Surroundings {
  readonly key: AuthenticatedKey;
  /** The key itself, which is kept nowhere. */
  readonly presented?: string | undefined;
  /** `import` is history sent with a server key; `pixel` is an image in a mail or page, fetched by who knows whom. */
  readonly channel: 'live' | 'import' | 'pixel';
  readonly receivedAt: Instant;
  /** When the client says it sent the request; fresher than an event's own after a retry. */
  readonly sentAt: Instant | undefined;
  readonly request: RequestFacts;
  /** Undefined where no key for hashing is configured: then no address is kept at all. */
  readonly ipHasher: IpHasher | undefined;
  /** Addresses of the company itself. */
  readonly internalRanges?: readonly AddressRange[];
  /** The `Cookie` header. */
  readonly cookies?: string | null;
  /** Why the whole request is refused: then each event of it is kept as a failure. */
  readonly refused?: EventRejection | undefined;
}

/** What was read from one event before it was cleaned. */
export interface BeforeCleaning {
  readonly ip: string | null;
  readonly userIdWasEmail: boolean;
  /** The event with its e-mail addresses, where the site allows them; its ids and name are taken from the cleaned one all the same. */
  readonly withEmails?: Members;
}

/** Columns that say who sent an event. Of a browser key they are the same for all events of a request. */
type SenderColumns = Pick<
  EventRow,
  | 'write_key_id'
  | 'received_at'
  | 'ip_hash'
  | 'ip_key_id'
  | 'country'
  | 'region'
  | 'city'
  | 'user_agent'
  | 'device_type'
  | 'browser'
  | 'os'
  | 'is_bot'
>;

/** What is known of who sent an event. */
export interface Sender {
  readonly columns: SenderColumns;
  readonly isInternal: boolean;
}

/** The row of an event before it is packed into a delivery, in two parts that have no column in common. */
export interface UnpackedEvent {
  /** The same object for events of the same sender, so that it is rendered once. */
  readonly shared: SenderColumns;
  readonly own: Omit<EventRow, keyof SenderColumns | 'edge_instance' | 'edge_sequence'>;
}

/**
 * Makes the stored row of a valid event.
 * @param messageId the event's own, or the one it was given.
 */
export function enrich(
  message: IncomingMessage,
  messageId: string,
  before: BeforeCleaning,
  surroundings: Surroundings,
  sender: Sender,
): UnpackedEvent {
  const { key, channel } = surroundings;
  const free: Members = before.withEmails ?? message;
  const context = objectAt(free, 'context');
  const properties = objectAt(free, 'properties');
  const ids = objectAt(message, 'context');
  const page = pageColumns(context, properties);
  const began = campaignUrl(context, page.page_url);
  const isPrivate = asksForPrivacy(message);
  const { occurred_at, sent_at, original_timestamp } = times(message, surroundings);
  const campaign = campaignColumns(context, began);
  // Each column by its name: an object of this size that is put together from others is slow to make and to write as JSON.
  const own: UnpackedEvent['own'] = {
    message_id: messageId,
    type: message.type,
    event: message.event ?? message.name ?? null,
    anonymous_id: message.anonymousId,
    user_id: message.userId,
    previous_id: message.previousId,
    group_id: message.groupId ?? idOrNull(textAt(ids, 'groupId') ?? ''),
    sequence: message.sequence ?? sequenceAt(context),
    occurred_at,
    sent_at,
    original_timestamp,
    email_hashes: isPrivate
      ? []
      : emailHashes({
          message,
          keyKind: key.kind,
          pageUrl: before.withEmails ? pageColumns(ids, message.properties ?? {}).page_url : page.page_url,
          userIdWasEmail: before.userIdWasEmail,
        }),
    ga_client_id: idOrNull(
      textAt(ids, 'gaClientId', 'ga_client_id') ?? textAt(objectAt(message.integrations, 'Google Analytics'), 'clientId') ?? '',
    ),
    page_url: page.page_url,
    page_path: page.page_path,
    page_title: page.page_title,
    referrer: page.referrer,
    utm_source: campaign.utm_source,
    utm_medium: campaign.utm_medium,
    utm_campaign: campaign.utm_campaign,
    utm_term: campaign.utm_term,
    utm_content: campaign.utm_content,
    utm_id: campaign.utm_id,
    click_ids: isPrivate ? [] : clickIds(context, began),
    timezone: timezone(context, surroundings),
    is_internal: context['internal'] === true || sender.isInternal,
    consent: consent(context),
    engaged_seconds: engagedSeconds(properties),
    properties: toJsonColumn(withCategory(properties, message.category)),
    // RudderStack's browser client says them in the context alone.
    traits: toJsonColumn(message.traits || message.type !== 'identify' ? objectAt(free, 'traits') : objectAt(context, 'traits')),
    context: toJsonColumn(contextRest(free, context, surroundings)),
    integrations: toJsonColumn(objectAt(free, 'integrations')),
    library: channel === 'pixel' ? 'pixel' : library(context),
  };
  return { shared: sender.columns, own };
}

/** Live events are corrected for the client's clock; imported ones happened when their archive says. */
function times(
  message: IncomingMessage,
  { key, channel, receivedAt, sentAt }: Surroundings,
): Pick<EventRow, 'occurred_at' | 'sent_at' | 'original_timestamp'> {
  if (channel === 'import') {
    const timestamp = parseInstant(message.timestamp);
    return {
      occurred_at: (timestamp ?? receivedAt).iso,
      sent_at: null,
      original_timestamp: (parseInstant(message.originalTimestamp) ?? timestamp)?.iso ?? null,
    };
  }
  const sent = sentAt ?? parseInstant(message.sentAt);
  const original = parseInstant(message.originalTimestamp ?? message.timestamp);
  return {
    occurred_at: occurredAt(receivedAt, sent, original, key.kind).iso,
    sent_at: sent?.iso ?? null,
    original_timestamp: original?.iso ?? null,
  };
}

/**
 * The address that is the visitor's: the connection's, or, where the customer's server sends, the event's own. With a key that
 * could not be looked up anyone of the two may have sent it.
 */
function visitorAddress(before: BeforeCleaning, { key, request }: Surroundings): string | null {
  if (!key.verified) return null;
  return key.kind === 'server' ? before.ip : request.ip;
}

const NOTHING_OF_THE_EVENT: BeforeCleaning = { ip: null, userIdWasEmail: false };

/** Who sends all events of a request; undefined where each event says it for itself. */
export async function senderOfRequest(surroundings: Surroundings): Promise<Sender | undefined> {
  return surroundings.key.kind === 'server' ? undefined : await senderOf({}, NOTHING_OF_THE_EVENT, surroundings);
}

/** Who sent an event; see {@link senderOf}. */
export async function senderOfEvent(message: IncomingMessage, before: BeforeCleaning, surroundings: Surroundings): Promise<Sender> {
  return await senderOf(objectAt(before.withEmails ?? message, 'context'), before, surroundings);
}

/**
 * Address, place and device. Of a browser key's event the connection's; of a server key's the event's own, because the
 * connection is the customer's server, whose one address would join strangers.
 */
async function senderOf(context: Members, before: BeforeCleaning, surroundings: Surroundings): Promise<Sender> {
  const { key, channel, receivedAt, request, ipHasher, internalRanges = [], cookies = null } = surroundings;
  const isServer = key.kind === 'server';
  const location = objectAt(context, 'location');
  const place = isServer
    ? { country: textAt(location, 'country'), region: textAt(location, 'region'), city: textAt(location, 'city') }
    : key.verified
      ? { country: request.country, region: request.region, city: request.city }
      : { country: null, region: null, city: null };
  const address = visitorAddress(before, surroundings);
  const ipHash = channel === 'pixel' || address === null ? null : ((await ipHasher?.hash(address)) ?? null);
  return {
    columns: {
      write_key_id: key.id,
      received_at: receivedAt.iso,
      ip_hash: ipHash,
      ip_key_id: ipHash === null ? null : (ipHasher?.keyId ?? null),
      ...place,
      ...deviceColumns(isServer ? textAt(context, 'userAgent') : request.userAgent, !isServer),
    },
    isInternal: isInternal(address, internalRanges, cookies),
  };
}

function timezone(context: Members, { key, request }: Surroundings): string | null {
  return (key.kind === 'server' || !key.verified ? null : request.timezone) ?? textAt(context, 'timezone');
}

function sequenceAt(context: Members): number | null {
  const value = context['sequence'];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function consent(context: Members): string | null {
  const said = context['consent'] ?? null;
  if (typeof said === 'boolean') return said ? 'granted' : 'denied';
  const status = typeof said === 'string' ? said.toLowerCase() : textAt(said as Members | null, 'status')?.toLowerCase();
  return status === 'granted' || status === 'denied' ? status : null;
}

/** Nobody looks at one page for longer than a day; more is a counter gone wrong. */
const MOST_ENGAGED_SECONDS = 86_400;

function engagedSeconds(properties: Members): number | null {
  const value = properties['engaged_seconds'] ?? properties['engagedSeconds'];
  return typeof value === 'number' && value >= 0 && value <= MOST_ENGAGED_SECONDS ? value : null;
}

/** A page call's category stands beside the properties in the wire format and among them in Segment's warehouses. */
function withCategory(properties: Members, category: string | null | undefined): Members {
  return category == null || Object.hasOwn(properties, 'category') ? properties : { ...properties, category };
}

function library(context: Members): string | null {
  const { name, version } = {
    name: textAt(objectAt(context, 'library'), 'name'),
    version: textAt(objectAt(context, 'library'), 'version'),
  };
  // Joined, because JSON.stringify takes twice as long over an object that holds a text put together by an operator.
  return name === null ? null : version === null ? name : [name, version].join('/');
}

/** Members of the context that have columns; what a page or campaign holds beyond its columns stays. */
const CONTEXT_COLUMNS: ReadonlySet<string> = new Set([
  'ip',
  'userAgent',
  'page',
  'campaign',
  'clickIds',
  'click_ids',
  'emailHashes',
  'email_hashes',
  'gaClientId',
  'ga_client_id',
  'library',
  'location',
  'timezone',
  'sequence',
]);
const PAGE_MEMBERS: ReadonlySet<string> = new Set(['url', 'path', 'title', 'referrer', 'search']);
/** Members of a message that have columns, or mean something only between client and server. */
const MESSAGE_MEMBERS: ReadonlySet<string> = new Set([
  ...Object.keys(IncomingMessage.shape),
  'receivedAt',
  'writeKey',
  'projectId',
  'version',
  '_metadata',
]);

function contextRest(message: Members, context: Members, { key }: Surroundings): Members {
  const page = without(objectAt(context, 'page'), PAGE_MEMBERS);
  const campaign = without(objectAt(context, 'campaign'), CAMPAIGN_MEMBERS);
  const unknown = without(message, MESSAGE_MEMBERS);
  return {
    ...without(context, CONTEXT_COLUMNS),
    ...(page && { page }),
    ...(campaign && { campaign }),
    ...(unknown && { message: unknown }),
    ...(!key.verified && { write_key_unverified: true }),
  };
}
