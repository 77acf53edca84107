import type { IncomingMessage } from 'node:http';
import { isInRanges, parseCidr } from '../../edge/contract/cidr.ts';
import { addressBehindRanges, FORWARDING_HEADERS } from '../../edge/contract/forwarded-for.ts';
import { createVisitorVerifier, type ForwardedVisitor, VISITOR_HEADER } from '../../edge/contract/visitor-address.ts';

/** Whom the front believes. */
export interface VisitorOptions {
  /** With which the site's own server signs whom it passes on. */
  readonly proxySecret: string;
  /** Proxies, as CIDR, whose `X-Forwarded-For` and `X-Forwarded-Host` are believed. */
  readonly trustedProxies: readonly string[];
  /** Takes one line about something the operator should know. */
  readonly log: (line: string) => void;
}

/** Whose request it is, and the `Host` that the visitor's browser asked for, with its port. */
export interface Visit {
  readonly visitor: ForwardedVisitor;
  readonly host: string | undefined;
}

/** Where proxies stand that the operator runs; elsewhere anyone can send a header of theirs. */
const NEAR = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1', 'fc00::/7'].map((range) => parseCidr(range)!);

/** Anyone can send a wrong signature: one line stands for all of an hour. */
const REFUSAL_LOGGED_MS = 3_600_000;

/**
 * Reads from whom a request comes: from the site's own server, which signs for its visitor; from a trusted proxy; or from the
 * visitor. Where it is a server that cannot be believed, nobody knows.
 */
export function createVisitReader({ proxySecret, trustedProxies, log }: VisitorOptions): (request: IncomingMessage) => Promise<Visit> {
  const trusted = trustedProxies.map((range) => parseCidr(range)!);
  const verify = createVisitorVerifier(proxySecret);
  let hasWarned = false;
  let refusedAt = -Infinity;

  return async ({ headers, socket }) => {
    const peer = {
      address: socket.remoteAddress,
      forwardedFor: headers['x-forwarded-for']?.toString(),
      isForwarded: FORWARDING_HEADERS.some((name) => headers[name] !== undefined),
    };
    const isTrusted = isInRanges(peer.address ?? '', trusted);
    // A proxy that appends writes last.
    const forwardedHost = isTrusted ? headers['x-forwarded-host']?.toString().split(',').at(-1)?.trim() : undefined;
    const host = forwardedHost || headers.host;
    const hostname = host?.replace(/:\d+$/, '');
    const signed = headers[VISITOR_HEADER]?.toString();
    if (signed !== undefined) {
      const said = await verify(signed);
      if (!said && Date.now() >= refusedAt + REFUSAL_LOGGED_MS) {
        refusedAt = Date.now();
        log(
          `visitor_signature_refused: a server at ${peer.address} passes requests on, signed with another PROXY_SECRET than proxy_secret of secrets.json, or its clock is wrong: their visitors have no address`,
        );
      }
      return { visitor: { ip: said?.ip, host: said?.host ?? hostname }, host };
    }
    if (!hasWarned && !isTrusted && (peer.isForwarded || peer.forwardedFor !== undefined) && isInRanges(peer.address ?? '', NEAR)) {
      hasWarned = true;
      log(
        `a proxy at ${peer.address} passes requests on, and edge.trustedProxies in the config does not name it: their visitors have no address`,
      );
    }
    return { visitor: { ip: addressBehindRanges(peer, trusted), host: hostname }, host };
  };
}
