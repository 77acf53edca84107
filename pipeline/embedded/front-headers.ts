import { FORWARDING_HEADERS } from '../../edge/contract/forwarded-for.ts';
import { VISITOR_HEADER } from '../../edge/contract/visitor-address.ts';

/** Headers that are meant for the next server only (RFC 9110 §7.6.1), and those that Node writes itself. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers by which a request may claim to come from elsewhere, and those that the front writes itself. */
const CLAIMS: ReadonlySet<string> = new Set([
  ...FORWARDING_HEADERS,
  VISITOR_HEADER,
  'client-ip',
  'fastly-client-ip',
  'host',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-forwarded',
  'x-forwarded-for',
  'x-forwarded-port',
  'x-original-forwarded-for',
]);
/** Cloudflare's headers, and those by which Miniflare stands in for Cloudflare. */
const CLAIM = /^(?:cf|mf)-/;

/**
 * The headers of a request that are passed on.
 * @param raw name, value, name, value …, as is the result.
 */
export function forwardedHeaders(raw: readonly string[], hasBody: boolean): string[] {
  return pick(raw, (name) => !CLAIMS.has(name) && !CLAIM.test(name) && (hasBody || name !== 'content-length'));
}

/** The headers of an answer that are passed on, in the same form. */
export function answeredHeaders(raw: readonly string[]): string[] {
  return pick(raw, () => true);
}

function pick(raw: readonly string[], isPassed: (name: string) => boolean): string[] {
  const named = namedByConnection(raw);
  const picked: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (!HOP_BY_HOP.has(name) && !named.includes(name) && isPassed(name)) picked.push(raw[i]!, raw[i + 1]!);
  }
  return picked;
}

/** What `Connection` names is for the next server only; it must not take away where the message ends. */
function namedByConnection(raw: readonly string[]): readonly string[] {
  const named: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]!.length === 'connection'.length && raw[i]!.toLowerCase() === 'connection')
      named.push(...raw[i + 1]!.toLowerCase().split(','));
  }
  return named.map((name) => name.trim()).filter((name) => name !== 'content-length');
}
