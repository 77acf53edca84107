/** Addresses of a visitor, which may leave the edge in no form: RFC 2606, RFC 5737, RFC 3849. */
export const EMAIL = 'jqx.visitor@jqx-home.example';
export const IPV4 = '198.51.100.7';
export const IPV6 = '2001:db8:51::7';
/** By `printf jqx.visitor@jqx-home.example | sha256sum`. */
export const EMAIL_HASH = '442907bb162332c4514762ac1561e21b374eec2821d9031dec882eae84aac9dd';

/** Each is found in any part that could be left of one of them. */
const MARKS = ['jqx', '198.51.100.', '2001:db8:51:'] as const;

/** The surroundings of an address in a text; undefined where there is none. */
export function addressIn(text: string): string | undefined {
  const mark = MARKS.find((one) => text.includes(one));
  if (mark === undefined) return undefined;
  const at = text.indexOf(mark);
  return text.slice(Math.max(0, at - 60), at + 60);
}

/** Members of an event that hold addresses, in the ways of real ones. */
export const ADDRESSED: readonly object[] = [
  { userId: EMAIL },
  { context: { ip: IPV4, traits: { email: EMAIL.toUpperCase() } } },
  { context: { page: { url: `https://shop.example/?mail=${encodeURIComponent(EMAIL)}&ip=${IPV4}`, referrer: `https://${EMAIL}/` } } },
  { context: { note: `asked for ${EMAIL}.`, lastLoginIp: IPV6, seen: [IPV4, { [EMAIL]: IPV6 }] } },
  { context: { form: { action: 'mailto:jqx.visitor&#64;jqx-home.example', clientIp: `${IPV4}, 10.0.0.1` } } },
];
