import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDashboard } from '../dashboard/app.ts';
import { isSame } from '../dashboard/security.ts';
import { createMcpEndpoint } from './http.ts';
import { publishStory, type PublishedStory } from './testing/published.ts';

const TOKEN = 'a-token-of-the-tests';

let story: PublishedStory;
beforeAll(async () => {
  story = await publishStory();
});
afterAll(() => story.close());

/** The dashboard as `touchtrail dashboard` mounts it. */
function app(token?: string) {
  const { folder, reader, context } = story;
  const mcp = createMcpEndpoint(context, token === undefined ? undefined : (given) => isSame(given, token));
  return createDashboard({
    dataFolder: folder,
    reader,
    now: context.now,
    hosts: token === undefined ? ['127.0.0.1', 'localhost'] : 'any',
    token,
    log: context.log,
    mcp: mcp.fetch,
  });
}

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

async function post(token: string | undefined, headers: Record<string, string>, body: unknown = LIST): Promise<Response> {
  return await app(token).request('/mcp', {
    method: 'POST',
    headers: { host: '127.0.0.1:8788', 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(body),
  });
}

/** The message of an answer, which may come as an event. */
async function messageOf(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as Record<string, unknown>;
}

describe('without a token, on this machine', () => {
  test('programs are answered, statelessly', async () => {
    const response = await post(undefined, {});
    expect(response.status).toBe(200);
    expect(response.headers.get('mcp-session-id')).toBeNull();
    expect(await messageOf(response)).toMatchObject({
      id: 1,
      result: { tools: expect.arrayContaining([expect.objectContaining({ name: 'get_funnel' })]) },
    });
  });

  test.each([
    ['a name of the internet that points here', { host: 'rebound.example' }, 421],
    ['a page of another site', { origin: 'https://evil.example' }, 403],
    ['a page of another program on this machine', { origin: 'http://127.0.0.1:3000' }, 403],
    ['a page without an origin of its own', { origin: 'null' }, 403],
  ])('%s is refused', async (_, headers, status) => {
    const response = await post(undefined, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(await response.text()).not.toContain('get_funnel');
  });

  test('a page of the dashboard itself may ask', async () => {
    expect((await post(undefined, { origin: 'http://127.0.0.1:8788' })).status).toBe(200);
  });

  test('what is no request of the protocol changes nothing', async () => {
    expect((await app().request('/mcp', { headers: { host: '127.0.0.1' } })).status).toBe(405);
    expect((await post(undefined, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(undefined, {}, { padding: 'x'.repeat(300_000) })).status).toBe(413);
    expect((await messageOf(await post(undefined, {}, { ...LIST, method: 'tools/remove' })))['error']).toMatchObject({ code: -32_601 });
  });
});

describe('with a token', () => {
  test('it must be given as such', async () => {
    expect((await post(TOKEN, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await post(TOKEN, { authorization: `Bearer ${TOKEN}`, host: 'reports.fernhill.example' })).status).toBe(200);
    for (const authorization of ['Bearer wrong', TOKEN, 'Bearer ', `Basic ${btoa(`x:${TOKEN}`)}`]) {
      const response = await post(TOKEN, { authorization });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  test('the cookie of somebody who has signed in is none: pages of others could make his browser send it', async () => {
    const form = new URLSearchParams({ token: TOKEN, to: '/' });
    const login = await app(TOKEN).request('/login', { method: 'POST', body: form });
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
    expect((await app(TOKEN).request('/health', { headers: { cookie } })).status).toBe(200);
    expect((await post(TOKEN, { cookie })).status).toBe(401);
  });

  test('a page of another site is refused even with it', async () => {
    expect((await post(TOKEN, { authorization: `Bearer ${TOKEN}`, origin: 'https://evil.example' })).status).toBe(403);
  });
});
