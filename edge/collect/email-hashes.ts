import { isEmailHash } from '../contract/email.ts';
import { EMAIL_HASH_ORIGINS, type EmailHashOrigin, type EventRow } from '../contract/event-row.ts';
import type { IncomingMessage } from '../contract/message.ts';
import type { WriteKeyKind } from '../contract/write-key.ts';
import { type Members, textAt } from './members.ts';
import { parseUrl } from './page.ts';

/** Members that hold an address (by now replaced by its hash) or a hash. */
const EMAIL_MEMBERS = ['email', 'emailHash', 'email_hash', 'email_sha256', 'hashedEmail', 'ehash'] as const;
const LIST_MEMBERS = ['emailHashes', 'email_hashes'] as const;

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
 * Links carry it as `?ehash=`; only 64 hex digits are accepted, because anyone can write a link.
 */
export function emailHashes({ message, keyKind, pageUrl, userIdWasEmail }: Sources): EventRow['email_hashes'] {
  const found = new Map<string, EmailHashOrigin>();
  const add = (value: string | null, origin: EmailHashOrigin) => {
    if (value === null || !isEmailHash(value)) return;
    const hash = value.toLowerCase();
    const known = found.get(hash);
    if (known === undefined || STRENGTH.indexOf(origin) < STRENGTH.indexOf(known)) found.set(hash, origin);
  };
  const addMembers = (members: Members | null | undefined, origin: EmailHashOrigin) => {
    for (const name of EMAIL_MEMBERS) add(textAt(members, name), name === 'ehash' && members === message.context ? 'url' : origin);
    for (const name of LIST_MEMBERS) {
      const list = members?.[name];
      if (!Array.isArray(list)) continue;
      for (const item of list as unknown[]) {
        if (typeof item === 'string') add(item, origin);
        else if (typeof item === 'object' && item !== null) add(textAt(item as Members, 'hash'), originAt(item as Members) ?? origin);
      }
    }
  };
  const own: EmailHashOrigin = keyKind === 'server' ? 'server' : 'form';
  addMembers(message.traits, message.type === 'identify' ? 'identify' : own);
  addMembers(message.properties, isFormEvent(message) ? 'form' : own);
  addMembers(message.context, own);
  const contextTraits = message.context?.['traits'];
  if (typeof contextTraits === 'object') addMembers(contextTraits as Members | null, 'identify');
  if (userIdWasEmail) add(message.userId, keyKind === 'server' ? 'server' : 'identify');
  add(parseUrl(pageUrl)?.searchParams.get('ehash') ?? null, 'url');
  return Array.from(found, ([hash, origin]) => ({ hash, origin }));
}

/** Strongest first. */
const STRENGTH: readonly EmailHashOrigin[] = ['form', 'identify', 'server', 'url'];

function originAt(item: Members): EmailHashOrigin | undefined {
  const origin = textAt(item, 'origin');
  return EMAIL_HASH_ORIGINS.find((known) => known === origin);
}

function isFormEvent({ type, event }: IncomingMessage): boolean {
  return type === 'track' && /\bform\b/i.test(event ?? '');
}
