/**
 * Who is whom as far as anyone can observe it: which browsers show themselves to be one person's.
 *
 * - Certain: the same address submitted in a form, sent with `identify`, or standing beside the cookie in a CRM row; the
 *   same user id.
 * - Weak: an address known of a browser only by a link in a newsletter. It joins if no other submitted address stands on
 *   either side, and if at most 5 browsers came by links to that address.
 * - A browser with more than 3 addresses or more than 3 user ids is a shared device: it joins nobody.
 * Everything else (office addresses, click ids, the same human being) joins nobody.
 */
import type { Device, World } from './world.ts';

const MOST_BROWSERS_OF_A_LINK = 5;
const MOST_IDENTIFIERS_OF_A_BROWSER = 3;

export interface ObservedPerson {
  readonly devices: Device[];
  /** Addresses submitted by this person, comparable. */
  readonly emails: Set<string>;
}

/** Address as it is compared: the forms and the CRM keep capitals and spaces people typed. */
export function comparable(email: string): string {
  return email.trim().toLowerCase();
}

interface Evidence {
  readonly submitted: Set<string>;
  /** Address in a clicked link → when first. */
  readonly linked: Map<string, number>;
  readonly userIds: Set<string>;
}

/** Groups the browsers of everybody but bots. */
export function observePeople(world: World): ObservedPerson[] {
  const evidence = gatherEvidence(world);
  const people = new Map<Device, ObservedPerson>();
  for (const device of evidence.keys()) people.set(device, { devices: [device], emails: new Set() });

  const join = (a: Device, b: Device) => {
    const kept = people.get(a)!;
    const absorbed = people.get(b)!;
    if (kept === absorbed) return;
    for (const device of absorbed.devices) {
      kept.devices.push(device);
      people.set(device, kept);
    }
    for (const email of absorbed.emails) kept.emails.add(email);
  };

  const firstWithEmail = new Map<string, Device>();
  const firstWithUserId = new Map<string, Device>();
  for (const [device, { submitted, userIds }] of evidence) {
    if (isShared(evidence.get(device)!)) continue;
    for (const email of submitted) {
      people.get(device)!.emails.add(email);
      const other = firstWithEmail.get(email);
      if (other) join(other, device);
      else firstWithEmail.set(email, device);
    }
    for (const userId of userIds) {
      const other = firstWithUserId.get(userId);
      if (other) join(other, device);
      else firstWithUserId.set(userId, device);
    }
  }

  const browsersOfLink = new Map<string, number>();
  for (const { linked } of evidence.values())
    for (const email of linked.keys()) browsersOfLink.set(email, (browsersOfLink.get(email) ?? 0) + 1);
  const clicks = [...evidence].flatMap(([device, { linked }]) => [...linked].map(([email, at]) => ({ device, email, at })));
  for (const { device, email } of clicks.sort((a, b) => a.at - b.at)) {
    if (isShared(evidence.get(device)!) || browsersOfLink.get(email)! > MOST_BROWSERS_OF_A_LINK) continue;
    const owner = firstWithEmail.get(email);
    if (!owner) {
      firstWithEmail.set(email, device);
      continue;
    }
    const submitted = new Set([...people.get(owner)!.emails, ...people.get(device)!.emails]);
    submitted.delete(email);
    if (submitted.size === 0) join(owner, device);
  }
  return [...new Set(people.values())];
}

function isShared({ submitted, linked, userIds }: Evidence): boolean {
  const emails = new Set([...submitted, ...linked.keys()]);
  return emails.size > MOST_IDENTIFIERS_OF_A_BROWSER || userIds.size > MOST_IDENTIFIERS_OF_A_BROWSER;
}

function gatherEvidence(world: World): Map<Device, Evidence> {
  const evidence = new Map<Device, Evidence>();
  for (const device of world.devices) {
    if (device.bot) continue;
    const seen: Evidence = { submitted: new Set(), linked: new Map(), userIds: new Set() };
    evidence.set(device, seen);
    for (const visit of device.visits) {
      for (const hit of visit.hits) {
        const linkEmail = hit.arrival?.linkEmail;
        if (linkEmail !== undefined && !seen.linked.has(comparable(linkEmail))) seen.linked.set(comparable(linkEmail), hit.at);
        if (hit.email !== undefined) seen.submitted.add(comparable(hit.email));
        if (hit.userId !== undefined) seen.userIds.add(hit.userId);
      }
    }
  }
  for (const lead of world.leads) {
    if (!lead.device || comparable(lead.email) === '') continue;
    evidence.get(lead.device)?.submitted.add(comparable(lead.email));
  }
  return evidence;
}
