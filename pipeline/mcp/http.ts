import { createMcpHandler } from '@modelcontextprotocol/server';
import type { McpContext } from './context.ts';
import { createMcpServer } from './server.ts';

/** Answers requests of the protocol over streamable HTTP. */
export interface McpEndpoint {
  /** Whoever mounts it has checked the Host header and the token. */
  readonly fetch: (request: Request) => Promise<Response>;
  close(): Promise<void>;
}

/**
 * The protocol over streamable HTTP: stateless, so that every request stands for itself. What a browser sends for a page of another
 * origin is refused, and so is a cookie in place of a token: only programs that were given the token may ask.
 * @param token whoever has it may read everything; undefined: whoever reaches the port may.
 */
export function createMcpEndpoint(context: McpContext, token?: (given: string) => boolean): McpEndpoint {
  const handler = createMcpHandler(() => createMcpServer(context), {
    onerror: (error) => context.log(`mcp: ${error.message}`),
    maxRequestBodySize: 256 * 1024,
  });
  return {
    async fetch(request) {
      const origin = request.headers.get('origin');
      if (origin !== null && !isOwnOrigin(origin, request)) return refused(403, `requests from pages of ${origin} are not answered`);
      if (token && !token(/^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '')) {
        return refused(401, 'a token is needed: Authorization: Bearer …', { 'www-authenticate': 'Bearer' });
      }
      return await handler.fetch(request);
    },
    close: () => handler.close(),
  };
}

/** Whether a page of this very host and port asks. */
function isOwnOrigin(origin: string, request: Request): boolean {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  return URL.parse(origin)?.host === host.toLowerCase();
}

function refused(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }, { status, headers });
}
