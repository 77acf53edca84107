import { once } from 'node:events';
import { createServer } from 'node:net';
import { DemoError } from './touchtrail.ts';

/** @throws DemoError (exit code 2) where another program listens on the port of 127.0.0.1. */
export async function expectFreePort(port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
  } catch (error) {
    throw new DemoError(`port ${port} cannot be used (${(error as Error).message}): choose another one with --port`, 2);
  } finally {
    probe.close();
  }
}
