import type { Context } from 'hono';
import { Hono } from 'hono/tiny';
import { cors } from 'hono/cors';
import { getPath } from 'hono/utils/url';
import { createAdmin } from './admin/admin.ts';
import { routePath } from './base-path.ts';
import { EVENT_TYPES, type EventType } from './contract/event-types.ts';
import { type Answer, ingest, type Intake } from './ingest.ts';
import { log } from './log.ts';
import { PIXEL_GIF, pixelBody } from './pixel.ts';
import { createScriptFiles, isKnownTag } from './script-files.ts';
import { type Environment, servicesOf } from './services.ts';

type RouteContext = Context<{ Bindings: Environment }>;

/** Seconds after which a client should send again what could not be stored. */
const RETRY_AFTER = '1';

/**
 * The routes of the edge.
 * @param scripts what the website loads, by file name.
 */
export function createApp(scripts: Readonly<Record<string, string>>) {
  const app = new Hono<{ Bindings: Environment }>({
    getPath: (request, options) => routePath(getPath(request), options?.env?.BASE_PATH),
  });

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

  for (const type of EVENT_TYPES) {
    app.post(`/v1/${type}`, take({ channel: 'live', type }));
    app.post(`/v1/${type.charAt(0)}`, take({ channel: 'live', type }));
  }
  app.post('/v1/batch', take({ channel: 'live', mayAskForCookie: true }));
  app.post('/v1/b', take({ channel: 'live', mayAskForCookie: true }));
  app.post('/v1/import', take({ channel: 'import' }));

  /** Segment's browser client reports metrics about itself here; they are no events. */
  app.post('/v1/m', (c) => c.json({ success: true }));

  /** An image tag can neither show nor repeat an error, so the answer is the image whatever happened; only "not stored" is said. */
  app.get('/v1/pixel/:type', async (c) => {
    const said = c.req.param('type').replace(/\.gif$/, '');
    const type: EventType | undefined = EVENT_TYPES.find((known) => known === said || known.charAt(0) === said);
    const answer = type && (await ingest(c.req.raw, { channel: 'pixel', type }, servicesOf(c.env), () => pixelBody(c.req.query('data'))));
    return c.body(PIXEL_GIF.slice().buffer, answer?.status === 503 ? 503 : 200, {
      'Content-Type': 'image/gif',
      'Cache-Control': 'no-store',
    });
  });

  /** The embedded runtime says that it has changed the key store; nobody else knows the generation. */
  app.post('/internal/keys-changed', (c) => {
    const generation = c.env.KEY_STORE_GENERATION;
    if (generation === undefined || c.req.header('Authorization') !== `Bearer ${generation}`) return c.notFound();
    servicesOf(c.env).keys.forget();
    return c.body(null, 204);
  });

  app.route('/internal', createAdmin());

  app.get('/health', (c) => c.json({ status: 'ok' }));

  const findScript = createScriptFiles(scripts);
  app.get('/:file', (c) => {
    const file = findScript(c.req.param('file'), c.env.SCRIPT_NAME || undefined);
    if (!file) return c.notFound();
    const headers = {
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': 'public, max-age=3600, stale-while-revalidate=86400',
      ETag: file.etag,
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'X-Content-Type-Options': 'nosniff',
    };
    return isKnownTag(c.req.header('If-None-Match'), file.etag) ? c.body(null, 304, headers) : c.body(file.text, 200, headers);
  });

  app.notFound((c) => {
    const message = `There is no ${c.req.method} ${getPath(c.req.raw)} here.`;
    return c.json({ success: false, reason: 'not_found', message }, 404);
  });

  app.onError((error, c) => {
    log('error', 'unexpected', {}, error);
    c.header('Retry-After', RETRY_AFTER);
    return c.json({ success: false, reason: 'not_stored', message: 'The request could not be handled just now. Send it again.' }, 503);
  });

  return app;
}

const take = (intake: Intake) => async (c: RouteContext) => render(c, await ingest(c.req.raw, intake, servicesOf(c.env)));

function render(c: RouteContext, { status, body, setCookie }: Answer) {
  if (status === 503) c.header('Retry-After', RETRY_AFTER);
  if (setCookie !== undefined) c.header('Set-Cookie', setCookie);
  return c.json(body, status);
}
