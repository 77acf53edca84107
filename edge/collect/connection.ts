import { createVisitorVerifier, VISITOR_HEADER } from '../contract/visitor-address.ts';
import { log } from '../log.ts';
import type { RequestFacts } from './enrich.ts';
import { requestFacts } from './request-facts.ts';

/** What the connection says about the visitor, and under which host the visitor's browser reached the edge. */
export interface Connection {
  readonly facts: RequestFacts;
  readonly host: string;
}

/** Reads the connection of a request. */
export type ConnectionReader = (request: Pick<Request, 'url' | 'headers'> & { readonly cf?: unknown }) => Connection | Promise<Connection>;

/** What a reader of connections needs to know. */
export interface ConnectionOptions {
  /** Whether what is said about the connection was said by Cloudflare. */
  readonly knowsConnection: boolean;
  /** With which the site's own server signs whom it passes on; without it no server is believed. */
  readonly proxySecret?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Anyone can send a wrong signature: one line of the log stands for all of an hour. */
const REFUSAL_LOGGED_MS = 3_600_000;

/**
 * A request is either the visitor's own, or passed on by a server that says so in a header. Then the connection is the server's:
 * neither its address nor its place is the visitor's. Where the signature is wrong, nothing is known about the visitor; who forges
 * one is left without an address, and takes nobody else's.
 */
export function createConnectionReader({ knowsConnection, proxySecret, now }: ConnectionOptions): ConnectionReader {
  const verify = proxySecret ? createVisitorVerifier(proxySecret, now) : undefined;
  let refusedAt = -Infinity;
  const passedOn = async (signed: string, url: string, headers: Headers): Promise<Connection> => {
    const visitor = await verify?.(signed);
    if (verify && !visitor) {
      const time = (now ?? Date.now)();
      if (time >= refusedAt + REFUSAL_LOGGED_MS) {
        refusedAt = time;
        log('warn', 'visitor_signature_refused');
      }
    }
    return { facts: { ...requestFacts(headers, undefined), ip: visitor?.ip ?? null }, host: visitor?.host ?? hostOf(url) };
  };
  return ({ url, headers, cf }) => {
    const signed = headers.get(VISITOR_HEADER);
    if (signed !== null) return passedOn(signed, url, headers);
    return { facts: requestFacts(headers, knowsConnection ? cf : undefined), host: hostOf(url) };
  };
}

/** What a URL begins with: its scheme and authority (RFC 3986 §3). */
const ORIGIN = /^[^/]*\/\/[^/?#]*/;
/** Nearly all requests of an isolate have the same, and to read a URL takes as long as to read an event. */
let known = { origin: '', host: '' };

function hostOf(url: string): string {
  const origin = ORIGIN.exec(url)?.[0] ?? url;
  if (origin !== known.origin) known = { origin, host: new URL(origin).hostname };
  return known.host;
}
