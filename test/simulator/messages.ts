/** The history on the wire: Segment messages as Fernhill's tracker would have sent them, in the order they were delivered. */
import { createHash } from 'node:crypto';
import { landingUrl } from './arrivals.ts';
import { DAY, HOUR, MINUTE, SECOND } from './calendar.ts';
import { PAGE_TITLES, SITE } from './company.ts';
import { Random } from './random.ts';
import type { Arrival, Device, Hit, World } from './world.ts';

interface EmailHash {
  readonly hash: string;
  readonly origin: 'form' | 'identify' | 'url';
}

export interface Message {
  readonly type: Hit['kind'];
  readonly messageId: string;
  readonly anonymousId: string;
  readonly userId?: string;
  readonly event?: string;
  readonly timestamp: string;
  readonly originalTimestamp?: string;
  readonly sentAt?: string;
  /** The tracker's counter, from 1 for each browser. */
  readonly sequence: number;
  readonly properties?: Readonly<Record<string, string>>;
  readonly traits?: Readonly<Record<string, string>>;
  readonly context: {
    readonly page: {
      readonly url: string;
      readonly path: string;
      readonly search: string;
      readonly title: string;
      readonly referrer: string;
    };
    readonly campaign?: Readonly<Record<string, string>>;
    readonly clickIds?: Readonly<Record<string, string>>;
    readonly emailHashes?: readonly EmailHash[];
    readonly userAgent: string;
    readonly ip: string;
    readonly location: { readonly country: string; readonly region: string; readonly city: string };
    readonly locale: string;
    readonly timezone: string;
    readonly library: { readonly name: string; readonly version: string };
  };
}

/** SHA-256 of an address that needs no normalisation; of Node, so as not to share the product's own code. */
export function hashOf(email: string): string {
  return createHash('sha256').update(email).digest('hex');
}

interface Delivery {
  readonly device: Device;
  readonly arrival: Arrival;
  readonly hit: Hit;
  readonly sequence: number;
  readonly messageId: string;
  readonly deliveredAt: number;
  /** A client clock that is wrong by this much shows in the times an archive carries and an import must ignore. */
  readonly clockError: number | undefined;
}

/** Number of distinct events of a world. */
export function countEvents(world: World): number {
  let events = 0;
  for (const device of world.devices) for (const visit of device.visits) events += visit.hits.length;
  return events;
}

/**
 * All messages in the order of their delivery: a few visits arrive days late (a laptop that was closed), and some
 * messages arrive twice because an answer was lost.
 * @param size messages per batch.
 */
export function* batches(world: World, size = 500): Generator<Message[]> {
  const deliveries = scheduleDeliveries(world);
  for (let start = 0; start < deliveries.length; start += size) yield deliveries.slice(start, start + size).map(toMessage);
}

/** Number of messages {@link batches} yields, copies included. */
export function countDeliveries(world: World): number {
  return scheduleDeliveries(world).length;
}

function scheduleDeliveries(world: World): Delivery[] {
  const random = new Random(world.seed).fork('deliveries');
  const deliveries: Delivery[] = [];
  for (const device of world.devices) {
    let sequence = 0;
    for (const { arrival, hits } of device.visits) {
      const late = random.chance(0.02) ? random.between(HOUR, 15 * DAY) : 0;
      const clockError = random.chance(0.1) ? random.integer(-3 * HOUR, 3 * HOUR) : undefined;
      for (const hit of hits) {
        sequence++;
        const deliveredAt = hit.at + late + random.between(0, 2 * SECOND);
        const delivery = { device, arrival, hit, sequence, messageId: random.uuid(), deliveredAt, clockError };
        deliveries.push(delivery);
        if (random.chance(0.012))
          deliveries.push({ ...delivery, deliveredAt: deliveredAt + random.exponential(random.chance(0.5) ? MINUTE : DAY) });
      }
    }
  }
  return deliveries.sort((a, b) => a.deliveredAt - b.deliveredAt);
}

function toMessage({ device, arrival, hit, sequence, messageId, clockError }: Delivery): Message {
  const url = hit.arrival ? landingUrl(hit.arrival) : SITE + hit.path;
  const page = { url, path: hit.path, search: new URL(url).search, title: PAGE_TITLES[hit.path] ?? 'Fernhill', referrer: hit.referrer };
  const emailHashes = knownHashes(hit);
  return {
    type: hit.kind,
    messageId,
    anonymousId: device.anonymousId,
    ...(hit.userId === undefined ? {} : { userId: hit.userId }),
    ...(hit.event === undefined ? {} : { event: hit.event }),
    timestamp: new Date(hit.at).toISOString(),
    ...(clockError === undefined
      ? {}
      : {
          originalTimestamp: new Date(hit.at + clockError).toISOString(),
          sentAt: new Date(hit.at + clockError + 3 * SECOND).toISOString(),
        }),
    sequence,
    ...propertiesOf(hit),
    context: {
      page,
      // The tracker repeats how the visit began on each of its events.
      ...(arrival.campaign ? { campaign: { ...arrival.campaign } } : {}),
      ...(arrival.clickId ? { clickIds: { [arrival.clickId.name]: arrival.clickId.value } } : {}),
      ...(emailHashes.length > 0 ? { emailHashes } : {}),
      userAgent: device.userAgent,
      ip: device.ip,
      location: device.place,
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      library: { name: 'touchtrail.js', version: '0.1.0' },
    },
  };
}

function propertiesOf(hit: Hit): Pick<Message, 'properties' | 'traits'> {
  if (hit.kind === 'identify') return { traits: { plan: 'team' } };
  if (hit.form === undefined) return {};
  return { properties: { form_id: hit.form, form_name: hit.form, form_action: `${SITE}/forms/${hit.form}`, page_path: hit.path } };
}

function knownHashes(hit: Hit): EmailHash[] {
  const hashes: EmailHash[] = [];
  if (hit.arrival?.linkEmail !== undefined) hashes.push({ hash: hashOf(hit.arrival.linkEmail), origin: 'url' });
  if (hit.email !== undefined) hashes.push({ hash: hashOf(hit.email), origin: hit.kind === 'identify' ? 'identify' : 'form' });
  return hashes;
}
