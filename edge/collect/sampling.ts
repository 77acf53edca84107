import type { IncomingMessage } from '../contract/message.ts';
import { sha256Hex } from '../contract/sha256.ts';
import { isFormEvent } from './email-hashes.ts';

/** Calls by which a visitor is known elsewhere. */
const TELLS_WHO: ReadonlySet<string> = new Set(['identify', 'alias', 'group']);

/**
 * Whether an event is left out because its key keeps only a share of the visitors. A visitor is kept with all events or with none
 * but those that say who it is: a lead in the CRM carries the visitor's id, and must find that visitor.
 *
 * The hash knows no key, so that equal shares of two keys keep the same visitors, and a smaller share a part of them.
 * @param share above 0 and at most 1; default: all.
 */
export function isSampledOut(message: IncomingMessage, share = 1): boolean {
  if (share >= 1 || TELLS_WHO.has(message.type) || isFormEvent(message)) return false;
  const hash = sha256Hex(message.anonymousId ?? message.userId ?? '');
  return Number.parseInt(hash.slice(0, 8), 16) >= share * 2 ** 32;
}
