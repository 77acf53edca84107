import type { ExecutionContext } from 'hono';
import { createApp } from './app.ts';
import { queue, scheduled } from './delivery/handlers.ts';
import type { Environment } from './services.ts';

const app = createApp();

/**
 * Goes on to its end where the client has left: the platform would stop it, and a delivery that is stopped while it is stored
 * would leave a gap in the numbers of the isolate, which counts as a loss.
 */
function fetch(request: Request, environment: Environment, context: ExecutionContext): Response | Promise<Response> {
  const answer = app.fetch(request, environment, context);
  if (answer instanceof Promise) context.waitUntil(answer);
  return answer;
}

export default { fetch, queue, scheduled };
