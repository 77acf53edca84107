import { createVisitorVerifier, VISITOR_HEADER } from '../contract/visitor-address.ts';
import type { RequestFacts } from './enrich.ts';
import { requestFacts } from './request-facts.ts';

/** What the connection says about the visitor, and under which host the visitor's browser reached the edge. */
export interface Connection {
  readonly facts: RequestFacts;
  readonly host: string;
}

/** Reads the connection of a request. */
export type ConnectionReader = (request: Pick<Request, 'url' | 'headers'> & { readonly cf?: unknown }) => Promise<Connection>;

/** What a reader of connections needs to know. */
export interface ConnectionOptions {
  /** Whether what is said about the connection was said by Cloudflare. */
  readonly knowsConnection: boolean;
  /** With which the site's own server signs whom it passes on; without it no server is believed. */
  readonly proxySecret?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * A request is either the visitor's own, or passed on by a server that says so in a header. Then the connection is the server's:
 * neither its address nor its place is the visitor's. Where the signature is wrong, nothing is known about the visitor; who forges
 * one is left without an address, and takes nobody else's.
 */
export function createConnectionReader({ knowsConnection, proxySecret, now }: ConnectionOptions): ConnectionReader {
  const verify = proxySecret ? createVisitorVerifier(proxySecret, now) : undefined;
  return async ({ url, headers, cf }) => {
    const { hostname } = new URL(url);
    const signed = headers.get(VISITOR_HEADER);
    if (signed === null) return { facts: requestFacts(headers, knowsConnection ? cf : undefined), host: hostname };
    const visitor = await verify?.(signed);
    return { facts: { ...requestFacts(headers, undefined), ip: visitor?.ip ?? null }, host: visitor?.host ?? hostname };
  };
}
