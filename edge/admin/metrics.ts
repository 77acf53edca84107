import type { Context } from 'hono';
import { type Environment, servicesOf } from '../services.ts';
import { isOperator } from './admin.ts';

/** `GET /metrics`: what this isolate has counted, for whoever holds the token of the operator; nobody else learns that it is there. */
export async function metricsRoute(c: Context<{ Bindings: Environment }>) {
  if (!(await isOperator(c.req.header('Authorization'), c.env.ADMIN_TOKEN))) return c.notFound();
  return c.body(servicesOf(c.env).metrics.text(), 200, {
    'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    'Cache-Control': 'no-store',
  });
}
