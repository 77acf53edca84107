import { Hono } from 'hono/tiny';
import { getPath } from 'hono/utils/url';
import { createAdmin } from './admin/admin.ts';
import { metricsRoute } from './admin/metrics.ts';
import { ownPath, routePath } from './base-path.ts';
import { presentedKey } from './collect/auth.ts';
import { REJECTIONS, RequestRejected } from './collect/rejections.ts';
import { answerHeaders, cors } from './cors.ts';
import { EVENT_TYPES, type EventType } from './contract/event-types.ts';
import { INTERNAL_VISITOR_PATH } from './contract/internal-visitor.ts';
import { answerInternalVisitor } from './internal-visitor.ts';
import { type Answer, ingest, type Intake } from './ingest.ts';
import { log } from './log.ts';
import { PIXEL_GIF, pixelBody } from './pixel.ts';
import { acceptedEncoding, cacheControl, createScriptFiles, isKnownTag } from './script-files.ts';
import { type Environment, servicesOf } from './services.ts';

/** Seconds after which a client should send again what could not be stored. */
const RETRY_AFTER = '1';

/** The routes that take events with POST. */
const INTAKES: ReadonlyMap<string, Intake> = new Map([
  ...EVENT_TYPES.flatMap((type) => [type, type.charAt(0)].map((name): [string, Intake] => [`/v1/${name}`, { channel: 'live', type }])),
  ...['batch', 'b'].map((name): [string, Intake] => [`/v1/${name}`, { channel: 'live', mayAskForCookie: true }]),
  ['/v1/import', { channel: 'import' }],
]);

const pathOf = (request: Request, environment: Environment | undefined) => ownPath(routePath(getPath(request), environment?.BASE_PATH));

/** The routes of the edge. */
export function createApp() {
  const app = new Hono<{ Bindings: Environment }>({
    getPath: (request, options) => pathOf(request, options?.env),
  });
  const { fetch } = app;
  // Events come a thousand times as often as anything else, and the router takes longer than most of what is done with them.
  app.fetch = (request, environment, context) => {
    const intake = request.method === 'POST' ? INTAKES.get(pathOf(request, environment as Environment)) : undefined;
    return intake ? take(request, intake, environment as Environment) : fetch(request, environment, context);
  };

  app.use('/v1/*', cors);

  app.use('/v1/*', async (c, next) => {
    await next();
    flushMetrics(c.env);
  });

  /** Segment's browser client reports metrics about itself here; they are no events. */
  app.post('/v1/m', (c) => c.json({ success: true }));

  /**
   * RudderStack's browser client begins only once it has been told what to load: nothing. A wrong key is said here, because the
   * client drops what is refused later without a word.
   */
  app.get('/v1/sourceConfig', async (c) => {
    const { searchParams } = new URL(c.req.url);
    const { id } = await servicesOf(c.env).keys.authenticate(presentedKey(c.req.raw.headers, searchParams));
    return c.json({ source: { id, name: id, enabled: true, workspaceId: id, config: {}, destinations: [] } });
  });

  /** An image tag can neither show nor repeat an error, so the answer is the image whatever happened; only "not stored" is said. */
  app.get('/v1/pixel/:type', async (c) => {
    const said = c.req.param('type').replace(/\.gif$/, '');
    // A type that there is none of is refused like that of a batch: into the failed events.
    const type = EVENT_TYPES.find((known) => known === said || known.charAt(0) === said) ?? (said as EventType);
    const { searchParams } = new URL(c.req.url);
    // Who asks for the headers alone has not shown the image: mail filters do.
    const answer =
      c.req.method === 'GET'
        ? await ingest(c.req.raw, { channel: 'pixel', type }, servicesOf(c.env), () => pixelBody(searchParams))
        : undefined;
    return c.body(PIXEL_GIF.slice().buffer, answer?.status === 503 || answer?.status === 429 ? answer.status : 200, {
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

  app.get('/metrics', metricsRoute);

  app.get('/health', (c) => c.json({ status: 'ok' }));

  app.get(INTERNAL_VISITOR_PATH, async (c) => await answerInternalVisitor(c.req.raw, servicesOf(c.env)));

  const findScript = createScriptFiles();
  app.get('/:file', async (c) => {
    const file = await findScript(c.env.ASSETS, c.req.param('file'), c.env.SCRIPT_NAME || undefined);
    if (!file) return c.notFound();
    // Cloudflare compresses by itself. Elsewhere the runtime does, as the header says.
    const compresses = c.env.CONNECTION === 'unknown';
    const encoding = compresses ? acceptedEncoding(c.req.header('Accept-Encoding')) : undefined;
    const headers = {
      ...(compresses && { Vary: 'Accept-Encoding' }),
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': cacheControl(file, c.req.query('v')),
      // Compressed it is not the same byte for byte (RFC 9110 §8.8.1).
      ETag: encoding ? `W/${file.etag}` : file.etag,
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'X-Content-Type-Options': 'nosniff',
    };
    if (isKnownTag(c.req.header('If-None-Match'), file.etag)) return c.body(null, 304, headers);
    return c.body(file.text, 200, encoding ? { ...headers, 'Content-Encoding': encoding } : headers);
  });

  app.notFound((c) => {
    const message = `There is no ${c.req.method} ${getPath(c.req.raw)} here.`;
    return c.json({ success: false, reason: 'not_found', message }, 404);
  });

  app.onError((error, c) => {
    const { status, body, headers } = rendered(answerTo(error));
    return c.body(body, status, { 'Content-Type': 'application/json', ...headers });
  });

  return app;
}

async function take(request: Request, intake: Intake, environment: Environment): Promise<Response> {
  let answer: Answer;
  try {
    answer = await ingest(request, intake, servicesOf(environment));
    flushMetrics(environment);
  } catch (error) {
    answer = answerTo(error);
  }
  const { status, body, headers } = rendered(answer);
  const response = new Response(body, { status, headers: answerHeaders(request.headers.get('Origin')) });
  for (const name in headers) response.headers.set(name, headers[name]!);
  return response;
}

function flushMetrics(environment: Environment): void {
  if (environment.METRICS) servicesOf(environment).metrics.flush(environment.METRICS);
}

/** What is said where the handling of a request has ended with an error. */
function answerTo(error: unknown): Answer {
  if (error instanceof RequestRejected) {
    const { reason, message } = error;
    return { status: REJECTIONS[reason].status, body: { success: false, reason, message } };
  }
  log('error', 'unexpected', {}, error);
  return {
    status: 503,
    body: { success: false, reason: 'not_stored', message: 'The request could not be handled just now. Send it again.' },
  };
}

/** An answer in words of HTTP, its headers without those of every answer. */
function rendered({ status, body, setCookie, retryAfter }: Answer) {
  const headers: Record<string, string> = {};
  if (status === 503 || status === 429) headers['Retry-After'] = String(retryAfter ?? RETRY_AFTER);
  if (setCookie !== undefined) headers['Set-Cookie'] = setCookie;
  return { status, body: JSON.stringify(body), headers };
}
