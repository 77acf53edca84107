import type { EventType } from './contract/event-row.ts';
import { type AuthenticatedKey, keyInBody, presentedKey } from './collect/auth.ts';
import { type IncomingBody, parseJson, readBody } from './collect/body.ts';
import { parseInstant } from './collect/clock.ts';
import { collect, type EventResult, failedBody } from './collect/collect.ts';
import type { Surroundings } from './collect/enrich.ts';
import { LIMITS } from './collect/limits.ts';
import { mayUse } from './collect/key-policy.ts';
import { platformWait } from './collect/rate-limit.ts';
import { REJECTIONS, rejectEvent, RequestRejected, type RequestRejectionReason } from './collect/rejections.ts';
import { visitorCookieHeader } from './collect/visitor-cookie.ts';
import { log } from './log.ts';
import { countResults } from './metrics.ts';
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
  /** Seconds, where the request may succeed later. */
  readonly retryAfter?: number | undefined;
  /** The header of that name. */
  readonly setCookie?: string | undefined;
}

/** To parse an address takes as long as to parse an event, and most have no query. */
const NO_QUERY = new URLSearchParams();

/**
 * Takes the events of one request: read, authenticate, validate, enrich, store. The answer is 200 only after everything,
 * the rejected events included, is durable; 503 or 429 where that could not be had; other 4xx only for what can never
 * succeed.
 * @param text the body, where the route has it from elsewhere than the request.
 */
export async function ingest(request: IncomingRequest, intake: Intake, services: Services, text?: () => string): Promise<Answer> {
  const receivedAt = parseInstant(Date.now())!;
  const { url, headers, cf } = request;
  const query = url.includes('?') ? new URL(url).searchParams : NO_QUERY;
  let key: AuthenticatedKey | undefined;
  let presented: string | undefined;
  try {
    // A key that is not in the body is judged before that is unpacked and parsed: refusing costs next to nothing.
    presented = presentedKey(headers, query);
    if (presented !== undefined) {
      try {
        key = await admit(presented, intake, services);
      } catch (error) {
        await discard(request, intake);
        throw error;
      }
    }
    const raw = text ? text() : await readBody(request, limitOf(intake.channel)).catch(readingFailed);
    const body = parseMessages(raw, intake);
    if (!key) {
      const whose = admit((presented = keyInBody(body)), intake, services);
      key = whose instanceof Promise ? await whose : whose;
    }
    const messages = intake.type ? [body] : (body['batch'] as unknown[]);
    if (messages.length > (intake.channel === 'import' ? LIMITS.importEvents : LIMITS.batchEvents)) {
      throw new RequestRejected('too_many_events', { payload: raw, detail: `${messages.length} events` });
    }
    limit(services.rates.take(key, Math.max(1, messages.length)));
    const said = services.connectionOf({ url, headers, cf });
    const connection = said instanceof Promise ? await said : said;
    const origin = headers.get('origin');
    const cookies = headers.get('cookie');
    const refused = mayUse(key, origin)
      ? undefined
      : rejectEvent('origin_not_allowed', null, `${REJECTIONS.origin_not_allowed.words} (${origin})`);
    const surroundings: Surroundings = {
      key,
      presented,
      channel: intake.channel,
      receivedAt,
      sentAt: parseInstant(body['sentAt']) ?? parseInstant(headers.get('sentat')),
      request: connection.facts,
      ipHasher: services.ipHasher,
      internalRanges: services.internalRanges,
      cookies,
      refused,
    };
    const { events, failed, results } = await collect(messages, surroundings, intake.type, raw);
    if (events.length + failed.length > 0) await services.packer.store({ writeKeyId: key.id, receivedAt: receivedAt.iso, events, failed });
    countResults(services.metrics, key, results);
    if (refused) return refusal('origin_not_allowed', refused.detail, services);
    const setCookie = intake.mayAskForCookie
      ? visitorCookieHeader(body['cookie'], { origin, edgeHost: connection.host, cookies })
      : undefined;
    return { status: 200, body: { success: true, results }, setCookie };
  } catch (error) {
    if (!(error instanceof RequestRejected)) return notStored(error, services);
    return await refuse(error, key && { key, presented, receivedAt }, services);
  }
}

/**
 * Whose request it is, where it may come at all now. At once where nobody has to be asked, as of nearly all requests.
 * @throws RequestRejected as the authenticator does, write_key_paused, server_key_required, or rate_limited.
 */
function admit(presented: string | undefined, intake: Intake, services: Services): AuthenticatedKey | Promise<AuthenticatedKey> {
  const key = services.keys.remembered(presented);
  if (!key) return services.keys.authenticate(presented).then((asked) => admitted(asked, intake, services));
  return admitted(key, intake, services);
}

function admitted(
  key: AuthenticatedKey,
  { channel }: Intake,
  { rates, rateLimiter }: Services,
): AuthenticatedKey | Promise<AuthenticatedKey> {
  if (key.record?.paused) throw new RequestRejected('write_key_paused');
  if (channel === 'import' && key.kind !== 'server') {
    // While the key store is silent nobody can tell what kind of key this is.
    throw new RequestRejected(key.verified ? 'server_key_required' : 'not_stored');
  }
  limit(rates.wait(key, 1));
  if (!rateLimiter) return key;
  return platformWait(rateLimiter, key).then((seconds) => {
    limit(seconds);
    return key;
  });
}

/** @throws RequestRejected rate_limited, where there is time to wait. */
function limit(seconds: number): void {
  if (seconds > 0) throw new RequestRejected('rate_limited', { retryAfter: Math.ceil(seconds) });
}

/**
 * Reads a body and forgets it. Where an answer comes before the request is through, the connection breaks, and a client that does
 * not learn that it is refused goes on trying.
 */
async function discard({ body }: IncomingBody, { channel }: Intake): Promise<void> {
  const reader = body?.getReader();
  let left: number = limitOf(channel);
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (!chunk || chunk.done || (left -= chunk.value.byteLength) < 0) break;
    }
    await reader?.cancel();
  } catch (error) {
    log('info', 'refused_client_left', {}, error);
  }
}

const limitOf = (channel: Intake['channel']) => (channel === 'import' ? LIMITS.importBytes : LIMITS.batchBytes);

/** @throws RequestRejected as {@link parseJson} does, or invalid_body. */
function parseMessages(raw: string, { type }: Intake): Record<string, unknown> {
  const body = parseJson(raw);
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isObject || (!type && !Array.isArray((body as Record<string, unknown>)['batch']))) {
    throw new RequestRejected('invalid_body', { payload: raw });
  }
  return body as Record<string, unknown>;
}

/** Ends the handling of a request whose client broke off while it sent. */
class ClientLeft extends Error {}

function readingFailed(cause: unknown): never {
  throw cause instanceof RequestRejected ? cause : new ClientLeft('', { cause });
}

/** Says no to a whole request; what could be read of it is kept where it is known whose it is. */
async function refuse(
  { reason, payload, detail, retryAfter, message }: RequestRejected,
  sender: Pick<Surroundings, 'key' | 'presented' | 'receivedAt'> | undefined,
  services: Services,
): Promise<Answer> {
  const words = detail ? `${message} (${detail})` : message;
  if (payload && sender) {
    const { key, receivedAt } = sender;
    try {
      limit(services.rates.take(key, 1));
      const failed = [failedBody(payload, reason, words, sender)];
      await services.packer.store({ writeKeyId: key.id, receivedAt: receivedAt.iso, events: [], failed });
    } catch (error) {
      if (!(error instanceof RequestRejected)) return notStored(error, services);
      return refusal(error.reason, error.message, services, error.retryAfter);
    }
  }
  return refusal(reason, words, services, retryAfter);
}

function refusal(reason: RequestRejectionReason, message: string, { metrics }: Services, retryAfter?: number): Answer {
  const { status } = REJECTIONS[reason];
  metrics.count(status === 503 ? 'not_stored' : 'refused', reason);
  return { status, body: { success: false, reason, message }, retryAfter };
}

function notStored(error: unknown, { metrics }: Services): Answer {
  if (error instanceof ClientLeft) log('info', 'client_left', {}, error.cause);
  else {
    log('error', 'not_stored', {}, error);
    metrics.count('not_stored', 'log');
  }
  const { status, words } = REJECTIONS.not_stored;
  return { status, body: { success: false, reason: 'not_stored', message: words } };
}
