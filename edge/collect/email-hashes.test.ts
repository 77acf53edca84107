import { expect, test } from 'vitest';
import type { EventType } from '../contract/event-row.ts';
import { IncomingMessage } from '../contract/message.ts';
import { emailHashes } from './email-hashes.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

interface How {
  readonly keyKind?: 'browser' | 'server';
  readonly pageUrl?: string;
  readonly userIdWasEmail?: boolean;
}

function hashes(raw: Record<string, unknown>, { keyKind = 'browser', pageUrl, userIdWasEmail = false }: How = {}) {
  const type: EventType = (raw['type'] as EventType | undefined) ?? 'track';
  const message = IncomingMessage.parse({ anonymousId: 'x', event: 'Signed Up', ...raw, type });
  return emailHashes({ message, keyKind, pageUrl: pageUrl ?? null, userIdWasEmail }).map(({ hash, origin }) => `${hash[0]} ${origin}`);
}

test.each<[string, Record<string, unknown>, How, string[]]>([
  ['identify traits', { type: 'identify', traits: { email: A } }, {}, ['a identify']],
  ['identify traits of a server', { type: 'identify', traits: { email: A } }, { keyKind: 'server' }, ['a identify']],
  ["properties of a browser, which may be anybody's", { event: 'Invited', properties: { email: A, email_hashes: [A] } }, {}, []],
  ['a claimed origin in the properties of a browser', { properties: { emailHashes: [{ hash: A, origin: 'form' }] } }, {}, []],
  ['an event about a form that is none', { event: 'Invite form opened', properties: { email: A } }, {}, []],
  ['the traits of a group of a browser', { type: 'group', groupId: 'g', traits: { email: A } }, {}, []],
  ['the context of a browser', { context: { email: A, emailHashes: [A, { hash: A }, { hash: A, origin: 'server' }] } }, {}, []],
  ['a submitted form', { event: 'Form Submitted', properties: { email: A } }, {}, ['a form']],
  ['a submitted form, written otherwise', { event: 'form_submitted', properties: { emailHashes: [A] } }, {}, ['a form']],
  ['properties of a server', { properties: { email_hash: A } }, { keyKind: 'server' }, ['a server']],
  ['a form event sent by a server', { event: 'Form Submitted', properties: { email: A } }, { keyKind: 'server' }, ['a form']],
  [
    'what the tracker says',
    {
      context: {
        emailHashes: [
          { hash: A, origin: 'form' },
          { hash: B, origin: 'url' },
        ],
      },
    },
    {},
    ['a form', 'b url'],
  ],
  ['a list without origins', { properties: { email_hashes: [A] } }, { keyKind: 'server' }, ['a server']],
  ['what a server says of another origin', { context: { emailHashes: [{ hash: A, origin: 'url' }] } }, { keyKind: 'server' }, ['a url']],
  ['a link', {}, { pageUrl: `https://x.example/?ehash=${A.toUpperCase()}` }, ['a url']],
  ['ehash in the context', { context: { ehash: A } }, {}, ['a url']],
  ['ehash in the properties', { properties: { ehash: A } }, {}, ['a url']],
  ['a user id that was an address', { userId: A }, { userIdWasEmail: true }, ['a identify']],
  ['a user id of a server that was an address', { userId: A }, { userIdWasEmail: true, keyKind: 'server' }, ['a server']],
  ['a user id that only looks like a hash', { userId: A }, {}, []],
  ['traits in the context', { context: { traits: { email: A } } }, {}, ['a identify']],
  [
    'the strongest of several origins',
    { event: 'Form Submitted', properties: { email: A }, context: { ehash: A } },
    { pageUrl: `/?ehash=${A}` },
    ['a form'],
  ],
  ['anything that is no hash', { properties: { email: 'abc', ehash: `${A}0` } }, { pageUrl: '/?ehash=%00' }, []],
])('the hash of %s', (_, raw, how, expected) => {
  expect(hashes(raw, how)).toEqual(expected);
});
