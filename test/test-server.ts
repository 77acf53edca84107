import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that a test has started. */
export interface TestServer {
  readonly port: number;
  /** Ends it with its connections. @throws AggregateError where a request failed inside. */
  close(this: void): Promise<void>;
}

/**
 * Serves on 127.0.0.1, on a port of the system's choosing. A request that fails inside is broken off.
 * @param name of the server in its error: `the gate`.
 */
export async function startTestServer(
  name: string,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<TestServer> {
  const failures: unknown[] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      failures.push(error);
      response.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (failures.length > 0) throw new AggregateError(failures, `${name} failed`);
    },
  };
}
