import { emailHash } from '../../edge/contract/email.ts';
import { normalizeIp } from '../../edge/contract/ip.ts';

/** An address as it may stand in an id of a CRM, a custom parameter or a URL, where the at sign may be encoded. */
const EMAIL = /(?:[^\s"'<>(),;:\\/?=&@%|`]|%(?:25)*2[be]){1,128}(?:@|＠|%(?:25)*40|\\u0040)[^\s"'<>(),;:\\/?=&@%|`]{1,190}\.\p{L}{2,63}/giu;
/** What every address has, however it is encoded: without it there is none to look for. */
const HAS_AT = /@|＠|%(?:25)*40|\\u0040/i;
/** What of it may be encoded, and what that stands for. */
const ENCODED = { '@': /＠|%(?:25)*40|\\u0040/i, '+': /%(?:25)*2b/gi, '.': /%(?:25)*2e/gi };
/** Where an address of the network may stand, with or without a port; whether it is one is checked. */
const IPV4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)/g;
const IPV6 = /(?<![\w.:])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:])/gi;
const SHORTEST_IPV6 = 5;

/**
 * A text without e-mail addresses and addresses of the network: of the first stand the first eight digits of their hash, as
 * everywhere that identifiers are shown.
 */
export function masked(text: string): string {
  const withoutEmails = HAS_AT.test(text) ? text.replaceAll(EMAIL, hiddenEmail) : text;
  return withoutEmails
    .replaceAll(IPV4, hiddenAddress)
    .replaceAll(IPV6, (found) => (found.length < SHORTEST_IPV6 ? found : hiddenAddress(found)));
}

function hiddenEmail(found: string): string {
  const address = Object.entries(ENCODED).reduce((text, [character, code]) => text.replace(code, character), found);
  return `(e-mail ${emailHash(address).slice(0, 8)}…)`;
}

const hiddenAddress = (found: string): string => (normalizeIp(found) === undefined ? found : '(IP address)');

/** All texts of a value {@link masked}, names of members included. */
export function maskedAll<Value>(value: Value): Value {
  return maskedValue(value) as Value;
}

function maskedValue(value: unknown): unknown {
  if (typeof value === 'string') return masked(value);
  if (Array.isArray(value)) return value.map(maskedValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [masked(name), maskedValue(member)]));
}
