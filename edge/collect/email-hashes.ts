import { isEmailHash } from '../contract/email.ts';
import type { EventRow } from '../contract/event-row.ts';
import { EMAIL_HASH_ORIGINS, type EmailHashOrigin } from '../contract/event-types.ts';
import type { IncomingMessage } from '../contract/message.ts';
import type { WriteKeyKind } from '../contract/write-key.ts';
import { type Members, objectAt, textAt } from './members.ts';
import { pageAddress } from './page-address.ts';

/** Members that hold an address (by now replaced by its hash) or a hash. */
export const EMAIL_MEMBERS = ['email', 'emailHash', 'email_hash', 'email_sha256', 'hashedEmail'] as const;
/** Members that hold lists of them. */
export const LIST_MEMBERS = ['emailHashes', 'email_hashes'] as const;
/** What marks the link of a recipient. */
export const LINK_MEMBER = 'ehash';

interface Sources {
  readonly message: IncomingMessage;
  readonly keyKind: WriteKeyKind;
  readonly pageUrl: string | null;
  /** Whether the user id was an e-mail address before it was replaced by its hash. */
  readonly userIdWasEmail: boolean;
}

/**
 * The hashed e-mail addresses an event carries, each with the strongest origin it is known by: what a visitor typed into a
 * form or identified with binds more than a hash in a link, which may have been forwarded.
 *
 * Of a browser's event only those count that are the visitor's own: of an identify call or the traits of the current user, of
 * `Form Submitted`, of `context.emailHashes` with its origin, of a link. Any other property, `track('Invited', { email })`
 * say, may hold somebody else's address, and would join strangers. A server key says whose address it sends.
 * Links carry it as `?ehash=`; only 64 hex digits are accepted, because anyone can write a link.
 */
export function emailHashes({ message, keyKind, pageUrl, userIdWasEmail }: Sources): EventRow['email_hashes'] {
  // Most events have none.
  let found: Map<string, EmailHashOrigin> | undefined;
  const add = (value: string | null, origin: EmailHashOrigin | undefined) => {
    if (value === null || origin === undefined || !isEmailHash(value)) return;
    const hash = value.toLowerCase();
    found ??= new Map<string, EmailHashOrigin>();
    const known = found.get(hash);
    if (known === undefined || STRENGTH.indexOf(origin) < STRENGTH.indexOf(known)) found.set(hash, origin);
  };
  /** Without an origin only those of a list count that bring their own. */
  const addMembers = (members: Members | null | undefined, origin: EmailHashOrigin | undefined) => {
    for (const name of EMAIL_MEMBERS) add(textAt(members, name), origin);
    for (const name of LIST_MEMBERS) {
      for (const item of listAt(members, name)) {
        if (typeof item === 'string') add(item, origin);
        else if (typeof item === 'object') add(textAt(item as Members | null, 'hash'), originAt(item as Members | null, keyKind) ?? origin);
      }
    }
  };
  const { type, traits, properties, context } = message;
  const own: EmailHashOrigin | undefined = keyKind === 'server' ? 'server' : undefined;
  const ofTraits = type === 'identify' ? 'identify' : own;
  const ofProperties = isFormEvent(message) ? 'form' : own;
  if (ofTraits) addMembers(traits, ofTraits);
  if (ofProperties) addMembers(properties, ofProperties);
  addMembers(context, own);
  if (context?.['traits']) addMembers(objectAt(context, 'traits'), 'identify');
  for (const members of [traits, properties, context]) add(textAt(members, LINK_MEMBER), 'url');
  if (userIdWasEmail) add(message.userId, keyKind === 'server' ? 'server' : 'identify');
  add(pageAddress(pageUrl)?.parameters.find(([name]) => name === LINK_MEMBER)?.[1] ?? null, 'url');
  return found ? [...found].map(([hash, origin]) => ({ hash, origin })) : [];
}

/** Strongest first. */
const STRENGTH: readonly EmailHashOrigin[] = ['form', 'identify', 'server', 'url'];

function listAt(members: Members | null | undefined, name: string): readonly unknown[] {
  const list = members?.[name];
  return Array.isArray(list) ? list : [];
}

/** What the client says about one hash; only servers are believed to be one. */
function originAt(item: Members | null, keyKind: WriteKeyKind): EmailHashOrigin | undefined {
  const said = textAt(item, 'origin');
  const origin = EMAIL_HASH_ORIGINS.find((known) => known === said);
  return origin === 'server' && keyKind === 'browser' ? undefined : origin;
}

const FORM_EVENT = 'formsubmitted';

/** The event that reports a submitted form, as our tracker and Segment's conventions name it, in any way of writing it. */
export function isFormEvent({ type, event }: IncomingMessage): boolean {
  // Most names are shorter, and need not be rewritten to be compared.
  return type === 'track' && !!event && event.length >= FORM_EVENT.length && event.toLowerCase().replace(/[\s_-]/g, '') === FORM_EVENT;
}
