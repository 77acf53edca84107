import type { RequestFacts } from './enrich.ts';
import { requestFacts } from './request-facts.ts';

/** What the connection says about the visitor, and under which host the visitor's browser reached the edge. */
export interface Connection {
  readonly facts: RequestFacts;
  readonly host: string;
}

/** Reads the connection of a request. */
export type ConnectionReader = (request: Pick<Request, 'url' | 'headers'> & { readonly cf?: unknown }) => Promise<Connection>;

/** @param knowsConnection whether what is said about the connection was said by Cloudflare. */
export function createConnectionReader({ knowsConnection }: { knowsConnection: boolean }): ConnectionReader {
  return async (request) => ({
    facts: requestFacts(request.headers, knowsConnection ? request.cf : undefined),
    host: new URL(request.url).hostname,
  });
}
