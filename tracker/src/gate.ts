import { forgetAnonymousId, getAnonymousId, keepAnonymousId } from './anonymous-id.ts';
import { changeConsent, type Consent, consent, type ConsentRank, mayIdentify, mayTrack } from './consent.ts';
import { dropQueue, enqueue } from './delivery.ts';
import { withoutAddresses } from './email-hash.ts';
import { more } from './extension.ts';
import { fillForms } from './forms/fill.ts';
import { options } from './options.ts';
import { clearStorage, isStorageOpen, localKeys, openStorage, QUEUE_PREFIX } from './storage.ts';
import { forgetUser, setUser, userId } from './user.ts';
import { touchVisit } from './visit.ts';

/** Messages that wait until they may be sent, as the page gave them. */
let held: string[] | undefined = [];
/** Whether the tracker waits for something else than consent. */
let isClosed = true;

/** Changes of messages, as JSON without e-mail addresses, that extensions make before they are sent. */
export const outgoing: ((json: string) => string)[] = [];

/** Sends a message, as JSON, or keeps it until it may be sent. */
export function send(json: string): void {
  if (held) {
    if (consent !== 'denied' || mayTrack()) held.push(json);
    return;
  }
  let message = JSON.stringify({ anonymousId: getAnonymousId(), ...(JSON.parse(json) as object) });
  if (options.emails !== 'allow') message = withoutAddresses(message);
  for (const change of outgoing) message = change(message);
  enqueue(message);
}

/** Says what the visitor decided. */
export function decide(state: Consent, rank: ConsentRank): void {
  changeConsent(state, rank);
  applyConsent();
}

/** Lets messages go, as far as the consent allows. */
export function openGate(): void {
  if (!isClosed) return;
  isClosed = false;
  applyConsent();
}

/** Makes what is stored, sent and filled in agree with the consent. */
function applyConsent(): void {
  if (consent === 'denied') {
    forgetUser();
    forgetAnonymousId();
    clearStorage();
    dropQueue();
    held = (mayTrack() && held) || [];
  }
  const isOpen = mayTrack() && !isClosed;
  // What the page has said of the user so far counts more than what earlier pages did.
  const said = userId();
  openStorage(isOpen && mayIdentify() && options.cookieless !== 'true');
  if (!isOpen) held ??= [];
  else if (held) {
    const messages = held;
    held = undefined;
    keepAnonymousId();
    if (said !== undefined) setUser(said);
    touchVisit(Date.now());
    // What earlier pages could not send.
    if (isStorageOpen && localKeys(QUEUE_PREFIX)[0]) void more();
    messages.forEach(send);
  }
  fillForms();
}
