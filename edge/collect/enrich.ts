import type { AddressRange } from '../contract/cidr.ts';
import type { EventRow, Written } from '../contract/event-row.ts';
import type { IpHasher } from '../contract/ip.ts';
import { idOrNull, type IncomingMessage } from '../contract/message.ts';
import type { AuthenticatedKey } from './auth.ts';
import { type Instant, occurredAt, parseInstant } from './clock.ts';
import { deviceColumns } from './device.ts';
import { emailHashes } from './email-hashes.ts';
import { isInternal } from './internal-traffic.ts';
import { type Members, objectAt, textAt, toJsonColumn } from './members.ts';
import { type PageColumns, pageColumns } from './page.ts';
import { asksForPrivacy } from './privacy-control.ts';
import type { EventRejection } from './rejections.ts';
import { type RecentVisit, type VisitColumns, type VisitPart, visitPart, written } from './visit.ts';

/** What the connection itself says about the visitor; clients cannot set it. */
export interface RequestFacts {
  readonly ip: string | null;
  /** Whether the address is that of a server, a VPN or a relay, which strangers share. */
  readonly isHosting?: boolean;
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

/**
 * The row of an event before it is packed into a delivery, in parts that have no column in common. What is the same as in the event
 * before it is the same object, so that it is rendered once.
 */
export interface UnpackedEvent {
  readonly sender: Written<SenderColumns>;
  readonly visit: VisitPart;
  readonly page: Written<PageColumns>;
  readonly own: Written<Omit<EventRow, keyof SenderColumns | keyof VisitColumns | keyof PageColumns | 'edge_instance' | 'edge_sequence'>>;
}

/** What the events of one request may have in common with the one before them; begins empty. */
export interface Recent extends RecentVisit {
  page?: PageColumns;
  pagePart?: UnpackedEvent['page'];
}

/**
 * Makes the stored row of a valid event.
 * @param messageId the event's own, or the one it was given.
 * @param recent what is remembered of the events of the request before it.
 */
export function enrich(
  message: IncomingMessage,
  messageId: string,
  before: BeforeCleaning,
  surroundings: Surroundings,
  sender: Sender,
  recent: Recent = {},
): UnpackedEvent {
  const free: Members = before.withEmails ?? message;
  const context = objectAt(free, 'context');
  const properties = objectAt(free, 'properties');
  const ids = before.withEmails ? objectAt(message, 'context') : context;
  const page = pageColumns(context, properties);
  const isPrivate = asksForPrivacy(message);
  const { occurred_at, sent_at, original_timestamp } = times(message, surroundings);
  // Each column by its name: an object of this size that is put together from others is slow to make and to write as JSON.
  const own: UnpackedEvent['own'] = {
    message_id: messageId,
    type: message.type,
    event: written(message.event ?? message.name),
    anonymous_id: written(message.anonymousId),
    user_id: written(message.userId),
    previous_id: written(message.previousId),
    group_id: written(message.groupId ?? idOrNull(textAt(ids, 'groupId') ?? '')),
    sequence: written(message.sequence ?? sequenceAt(context)),
    occurred_at,
    sent_at: written(sent_at),
    original_timestamp: written(original_timestamp),
    email_hashes: isPrivate
      ? []
      : emailHashes({
          message,
          keyKind: surroundings.key.kind,
          pageUrl: before.withEmails ? pageColumns(ids, message.properties ?? {}).page_url : page.page_url,
          userIdWasEmail: before.userIdWasEmail,
        }),
    is_internal: context['internal'] === true || sender.isInternal,
    engaged_seconds: written(engagedSeconds(properties)),
    properties: written(toJsonColumn(withCategory(properties, message.category))),
    // RudderStack's browser client says them in the context alone.
    traits: written(toJsonColumn(message.traits || message.type !== 'identify' ? objectAt(free, 'traits') : objectAt(context, 'traits'))),
    integrations: written(toJsonColumn(objectAt(free, 'integrations'))),
  };
  return {
    sender: sender.columns,
    visit: visitPart(free, message, context, ids, page.page_url, surroundings, recent),
    page: pagePart(page, recent),
    own,
  };
}

function pagePart(page: PageColumns, recent: Recent): UnpackedEvent['page'] {
  const last = recent.page;
  const isSame =
    last?.page_url === page.page_url &&
    last.page_path === page.page_path &&
    last.page_title === page.page_title &&
    last.referrer === page.referrer;
  if (isSame) return recent.pagePart!;
  recent.page = page;
  return (recent.pagePart = {
    page_url: written(page.page_url),
    page_path: written(page.page_path),
    page_title: written(page.page_title),
    referrer: written(page.referrer),
  });
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
export function senderOfRequest(surroundings: Surroundings): Promise<Sender> | undefined {
  return surroundings.key.kind === 'server' ? undefined : senderOf({}, NOTHING_OF_THE_EVENT, surroundings);
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
  const isShared = channel === 'pixel' || (!isServer && request.isHosting === true);
  const ipHash = isShared || address === null ? null : ((await ipHasher?.hash(address)) ?? null);
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

function sequenceAt(context: Members): number | null {
  const value = context['sequence'];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
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
