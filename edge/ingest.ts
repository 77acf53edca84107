import type { EventType } from './contract/event-row.ts';
import { type AuthenticatedKey, presentedKey } from './collect/auth.ts';
import { type IncomingBody, parseJson, readBody } from './collect/body.ts';
import { type Instant, parseInstant } from './collect/clock.ts';
import { collect, type EventResult, failedBody } from './collect/collect.ts';
import type { Surroundings } from './collect/enrich.ts';
import { LIMITS } from './collect/limits.ts';
import { REJECTIONS, RequestRejected } from './collect/rejections.ts';
import { visitorCookieHeader } from './collect/visitor-cookie.ts';
import { log } from './log.ts';
import type { Services } from './services.ts';

/** What a route takes. */
export interface Intake {
  readonly channel: Surroundings['channel'];
  /** The type of the one event of a single-type route; undefined for a batch. */
  readonly type?: EventType;
  /** Whether the body may ask for the visitor's cookie. */
  readonly mayAskForCookie?: boolean;
}

/** A request as Cloudflare hands it to a Worker: with what it knows of the connection. */
export type IncomingRequest = Pick<Request, 'url' | 'headers'> & IncomingBody & { readonly cf?: unknown };

/** An answer in words of HTTP, for the route to render. */
export interface Answer {
  readonly status: 200 | 400 | 401 | 403 | 413 | 415 | 429 | 503;
  readonly body:
    | { readonly success: true; readonly results: readonly EventResult[] }
    | { readonly success: false; readonly reason: string; readonly message: string };
  /** The header of that name. */
  readonly setCookie?: string | undefined;
}

/**
 * Takes the events of one request: read, authenticate, validate, enrich, store. The answer is 200 only after everything,
 * the rejected events included, is durable; 503 where that could not be had; 4xx only for what can never succeed.
 * @param text the body, where the route has it from elsewhere than the request.
 */
export async function ingest(request: IncomingRequest, intake: Intake, services: Services, text?: () => string): Promise<Answer> {
  const receivedAt = parseInstant(Date.now())!;
  const { searchParams: query } = new URL(request.url);
  let presented = presentedKey(request.headers, query);
  try {
    const { body, raw } = await readMessages(request, intake, text);
    presented = presentedKey(request.headers, query, body);
    const key = await services.keys.authenticate(presented);
    if (intake.channel === 'import' && key.kind !== 'server') {
      // While the key store is silent nobody can tell what kind of key this is.
      throw new RequestRejected(key.verified ? 'server_key_required' : 'not_stored');
    }
    const messages = intake.type ? [body] : (body['batch'] as unknown[]);
    if (messages.length > (intake.channel === 'import' ? LIMITS.importEvents : LIMITS.batchEvents)) {
      throw new RequestRejected('too_many_events', { payload: raw, detail: `${messages.length} events` });
    }
    const connection = await services.connectionOf(request);
    const sentAt = parseInstant(body['sentAt']) ?? parseInstant(request.headers.get('sentat'));
    const surroundings: Surroundings = {
      key,
      channel: intake.channel,
      receivedAt,
      sentAt,
      request: connection.facts,
      ipHasher: services.ipHasher,
    };
    const { events, failed, results } = await collect(messages, surroundings, intake.type);
    if (events.length + failed.length > 0) await services.packer.store({ writeKeyId: key.id, receivedAt: receivedAt.iso, events, failed });
    const setCookie = intake.mayAskForCookie
      ? visitorCookieHeader(body['cookie'], {
          origin: request.headers.get('origin'),
          edgeHost: connection.host,
          cookies: request.headers.get('cookie'),
        })
      : undefined;
    return { status: 200, body: { success: true, results }, setCookie };
  } catch (error) {
    if (!(error instanceof RequestRejected)) return notStored(error);
    return await refuse(error, presented, receivedAt, services);
  }
}

async function readMessages(
  request: IncomingRequest,
  { channel, type }: Intake,
  text?: () => string,
): Promise<{ body: Record<string, unknown>; raw: string }> {
  const raw = text ? text() : await readBody(request, channel === 'import' ? LIMITS.importBytes : LIMITS.batchBytes);
  const body = parseJson(raw);
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isObject || (!type && !Array.isArray((body as Record<string, unknown>)['batch']))) {
    throw new RequestRejected('invalid_body', { payload: raw });
  }
  return { body: body as Record<string, unknown>, raw };
}

/** Says no to a whole request; what could be read of it is kept where it is known whose it is. */
async function refuse(rejected: RequestRejected, presented: string | undefined, receivedAt: Instant, services: Services): Promise<Answer> {
  const { reason, payload, detail, message } = rejected;
  const { status } = REJECTIONS[reason];
  if (payload && presented !== undefined) {
    try {
      const key: AuthenticatedKey = await services.keys.authenticate(presented);
      const words = detail ? `${message} (${detail})` : message;
      const failed = [failedBody(payload, reason, words, { key, receivedAt })];
      await services.packer.store({ writeKeyId: key.id, receivedAt: receivedAt.iso, events: [], failed });
    } catch (error) {
      if (!(error instanceof RequestRejected)) return notStored(error);
      return { status: REJECTIONS[error.reason].status, body: { success: false, reason: error.reason, message: error.message } };
    }
  }
  return { status, body: { success: false, reason, message: detail ? `${message} (${detail})` : message } };
}

function notStored(error: unknown): Answer {
  log('error', 'not_stored', {}, error);
  const { status, words } = REJECTIONS.not_stored;
  return { status, body: { success: false, reason: 'not_stored', message: words } };
}
