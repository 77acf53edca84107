import type { Context } from 'hono';
import { Hono } from 'hono/tiny';
import { cors } from 'hono/cors';
import trackerScript from '../dist/tracker/t.js';
import { EVENT_TYPES, type EventType } from './contract/event-row.ts';
import { sha256Hex } from './contract/sha256.ts';
import { type Answer, ingest, type Intake } from './ingest.ts';
import { PIXEL_GIF, pixelBody } from './pixel.ts';
import { type Environment, servicesOf } from './services.ts';

type RouteContext = Context<{ Bindings: Environment }>;

/** Seconds after which a client should send again what could not be stored. */
const RETRY_AFTER = '1';

const app = new Hono<{ Bindings: Environment }>();

app.use(
  '/v1/*',
  cors({
    origin: (origin) => origin,
    credentials: true,
    allowMethods: ['GET', 'POST', 'OPTIONS'],
    allowHeaders: ['Content-Type', 'Authorization', 'X-Write-Key', 'AnonymousId', 'SentAt', 'X-Retry-Count'],
    exposeHeaders: ['Retry-After'],
    maxAge: 86_400,
  }),
);

const take = (intake: Intake) => async (c: RouteContext) => render(c, await ingest(c.req.raw, intake, servicesOf(c.env)));

function render(c: RouteContext, { status, body }: Answer) {
  if (status === 503) c.header('Retry-After', RETRY_AFTER);
  return c.json(body, status);
}

for (const type of EVENT_TYPES) {
  app.post(`/v1/${type}`, take({ channel: 'live', type }));
  app.post(`/v1/${type.charAt(0)}`, take({ channel: 'live', type }));
}
app.post('/v1/batch', take({ channel: 'live' }));
app.post('/v1/b', take({ channel: 'live' }));
app.post('/v1/import', take({ channel: 'import' }));

/** Segment's browser client reports metrics about itself here; they are no events. */
app.post('/v1/m', (c) => c.json({ success: true }));

/** An image tag can neither show nor repeat an error, so the answer is the image whatever happened; only "not stored" is said. */
app.get('/v1/pixel/:type', async (c) => {
  const said = c.req.param('type').replace(/\.gif$/, '');
  const type: EventType | undefined = EVENT_TYPES.find((known) => known === said || known.charAt(0) === said);
  const answer = type && (await ingest(c.req.raw, { channel: 'pixel', type }, servicesOf(c.env), () => pixelBody(c.req.query('data'))));
  return c.body(PIXEL_GIF.slice().buffer, answer?.status === 503 ? 503 : 200, { 'Content-Type': 'image/gif', 'Cache-Control': 'no-store' });
});

let scriptTag: string | undefined;

app.get('/t.js', (c) => {
  scriptTag ??= `"${sha256Hex(trackerScript).slice(0, 32)}"`;
  const headers = {
    'Content-Type': 'text/javascript; charset=utf-8',
    'Cache-Control': 'public, max-age=3600, stale-while-revalidate=86400',
    ETag: scriptTag,
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'X-Content-Type-Options': 'nosniff',
  };
  const known = (c.req.header('If-None-Match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(scriptTag) || known.includes('*') ? c.body(null, 304, headers) : c.body(trackerScript, 200, headers);
});

/** The embedded runtime says that it has changed the key store; nobody else knows the generation. */
app.post('/internal/keys-changed', (c) => {
  const generation = c.env.KEY_STORE_GENERATION;
  if (generation === undefined || c.req.header('Authorization') !== `Bearer ${generation}`) return c.notFound();
  servicesOf(c.env).keys.forget();
  return c.body(null, 204);
});

app.get('/health', (c) => c.json({ status: 'ok' }));

app.notFound((c) => c.json({ success: false, reason: 'not_found', message: `There is no ${c.req.method} ${c.req.path} here.` }, 404));

app.onError((error, c) => {
  console.error(error);
  c.header('Retry-After', RETRY_AFTER);
  return c.json({ success: false, reason: 'not_stored', message: 'The request could not be handled just now. Send it again.' }, 503);
});

export default app;
