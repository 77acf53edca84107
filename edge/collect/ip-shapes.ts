import { normalizeIp } from '../contract/ip.ts';

// What counts as an address of a visitor: a text that is nothing but addresses, whatever its name, and an address that is the
// value of a parameter. Version numbers may have the same shape, so where a name says "version" the value stays. An address
// in the middle of a sentence, or as the host of a URL, stays, too: nothing tells it from a version or from a server.

/** Names whose values are addresses in part, at least: `userIp`, `last_login_ip_address`, `X-Forwarded-For`. */
const ADDRESS_NAME = /ips?(?:v?[46])?(?:[-_ ]?addr(?:ess)?(?:es)?)?$|addr(?:ess)?$|forwarded(?:[-_ ]?for)?$/i;
const VERSION_NAME = /version|release|build|firmware|revision|(?:^|[^a-z])v(?:er)?$/i;

/** Whether a member is an address of a visitor by its value, or by its name and a part of its value. */
export function isAddressMember(name: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const parts = value.split(',');
  if (ADDRESS_NAME.test(name)) return parts.some(isAddress) || withoutAddresses(value) !== value;
  return parts.every(isAddress) && !VERSION_NAME.test(name);
}

/** Whether a text is one address, with or without a port. */
function isAddress(text: string): boolean {
  const bare = text
    .trim()
    .replace(/\.$/, '')
    .replace(/^(\[[^\]]*\]|[\d.]+):\d{1,5}$/, '$1');
  return /[\da-f]/i.test(bare) && normalizeIp(bare) !== undefined;
}

/** What is left in place of an address. */
export const ADDRESS = '(address)';

const IPV4 = String.raw`(?:\d{1,3}\.){3}\d{1,3}`;
const ESCAPE = String.raw`\\(?:[nrtbf]|u[\da-f]{4})`;
/**
 * A slash before it makes it the version of a product: `Chrome/141.0.0.0`. An escape of JSON before it is no word, though it ends
 * like one.
 */
const ADDRESS_IN_TEXT = new RegExp(
  String.raw`(?:(?<!\w|\w[./])|(?<=${ESCAPE}[./]?))${IPV4}(?!\.?\w)|(?:(?<![\w:])|(?<=${ESCAPE}))(?:[0-9a-f]{0,4}:){2,7}(?:${IPV4}|[0-9a-f]{0,4})(?![\w:]|\.\d)`,
  'gi',
);

/** A text with all addresses in it replaced, at the price of version numbers that look like one. */
export function withoutAddresses(text: string): string {
  return text.replace(ADDRESS_IN_TEXT, (address) => (isAddress(address) ? ADDRESS : address));
}

/** The value of a parameter that may be an address, plain or percent-encoded once or more, up to where the value ends. */
const PARAMETER = /(=|%(?:25)*3d)((?:[\da-f.:[\]]|%(?:25)*(?:3a|5b|5d)){2,99})(?=$|[\s&#;,"'<>()|]|%(?:25)*(?:2[02367c]|3b))/giu;
/** How far before the value the name of a parameter is looked at. */
const LONGEST_NAME = 40;

/** The text with the addresses among the values of its parameters (`?ip=…`, `for=…;`) replaced. */
export function withoutAddressParameters(text: string): string {
  if (!/=|%(?:25)*3d/i.test(text)) return text;
  return text.replace(PARAMETER, (whole, equals: string, value: string, offset: number) => {
    const name = /[\w.-]*$/.exec(text.slice(Math.max(0, offset - LONGEST_NAME), offset))?.[0] ?? '';
    const plain = value.replace(/%(?:25)*([35][abd])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return isAddress(plain) && !VERSION_NAME.test(name) ? equals + ADDRESS : whole;
  });
}
