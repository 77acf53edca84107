import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request as httpRequest, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createVisitorVerifier } from '../../edge/contract/visitor-address.ts';
import { type Front, startFront } from './front.ts';

const SECRET = 'a secret of more than thirty-two characters';
const read = createVisitorVerifier(SECRET);
const log: string[] = [];
const fronts: Front[] = [];
const servers: Server[] = [];
/** What reached workerd, or what stands here for it. */
const arrived: IncomingMessage[] = [];

beforeEach(() => {
  log.length = 0;
  arrived.length = 0;
});
afterEach(async () => {
  for (const front of fronts.splice(0)) await front.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Something that listens where workerd would. */
async function upstreamOf(listener: RequestListener): Promise<{ hostname: string; port: number }> {
  const server = createServer({ maxHeaderSize: 100_000 }, (request, response) => {
    arrived.push(request);
    listener(request, response);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { hostname: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

async function frontOf(trustedProxies: readonly string[] = []): Promise<Front> {
  const front = await startFront({ host: '127.0.0.1', port: 0, proxySecret: SECRET, trustedProxies, log: (line) => log.push(line) });
  fronts.push(front);
  return front;
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
  /** The address the client connects from. */
  readonly from?: string;
}

async function send({ port }: Front, { method = 'GET', path = '/', headers = {}, body = '', from = '127.0.0.1' }: Sent = {}) {
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, localAddress: from, agent: false }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const echo: RequestListener = (request, response) => void request.pipe(response);
/** Whose request it was, as the Worker reads it. */
const visitor = async () => await read(String(arrived.at(-1)!.headers['x-touchtrail-visitor']));

const signed = (ip: string, secret = SECRET) => {
  const text = `v1;t=${Math.floor(Date.now() / 1_000)};ip=${ip};host=www.shop.example`;
  return `${text};s=${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

test('passes a request and its answer on as they are', async () => {
  const front = await frontOf();
  front.forwardTo(
    await upstreamOf((request, response) => {
      response.writeHead(418, 'Teapot', { 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes', connection: 'x-hop', 'x-hop': '1' });
      request.pipe(response);
    }),
  );
  const body = 'é'.repeat(200_000);
  const answer = await send(front, {
    method: 'POST',
    path: '/t/v1/batch?writeKey=k',
    headers: { cookie: 'c=3', 'x-write-key': 'k' },
    body,
  });
  expect(answer).toMatchObject({ status: 418, body, headers: { 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes' } });
  expect(answer.headers).not.toHaveProperty('x-hop');
  expect(arrived[0]).toMatchObject({
    method: 'POST',
    url: '/t/v1/batch?writeKey=k',
    headers: { host: `127.0.0.1:${front.port}`, cookie: 'c=3', 'x-write-key': 'k' },
  });
});

test.each(['x/internal-visitor?', 'x?', 'x#', 'u@x', 'x:y', 'x:1:2', '[::1]/a', 'a b', 'x\\y', ':80'])(
  'a Host that would be more than a host (%s) is refused',
  async (host) => {
    const front = await frontOf(['127.0.0.0/8']);
    front.forwardTo(await upstreamOf(echo));
    expect(await send(front, { headers: { host } })).toMatchObject({
      status: 400,
      body: '{"success":false,"reason":"invalid_host","message":"The header Host is none: expected a name or an address, with or without a port."}',
    });
    expect(await send(front, { headers: { 'x-forwarded-host': host } })).toMatchObject({ status: 400 });
    expect(arrived).toEqual([]);
  },
);

test.each(['shop.example', 'shop.example.:8787', 'xn--bcher-kva.example', 'my_host', '127.0.0.1:80', '[::1]:8787', '[2001:db8::1]'])(
  'a Host that is one (%s) is passed on',
  async (host) => {
    const front = await frontOf();
    front.forwardTo(await upstreamOf(echo));
    expect((await send(front, { headers: { host } })).status).toBe(200);
    expect(arrived[0]!.headers.host).toBe(host);
  },
);

describe('the visitor', () => {
  // Only Linux lets a client connect from every address of 127.0.0.0/8.
  test.runIf(process.platform === 'linux')('has the address from which the connection came', async () => {
    const front = await frontOf();
    front.forwardTo(await upstreamOf(echo));
    for (const from of ['127.0.0.2', '127.0.0.3']) {
      await send(front, { from, headers: { host: 'collect.shop.example:8787' } });
      expect(await visitor()).toEqual({ ip: from, host: 'collect.shop.example' });
    }
  });

  test('has none on the machine itself', async () => {
    const front = await frontOf();
    front.forwardTo(await upstreamOf(echo));
    await send(front);
    expect(await visitor()).toEqual({ ip: undefined, host: '127.0.0.1' });
    expect(log).toEqual([]);
  });

  test('is whom a trusted proxy says, at the host that it says', async () => {
    const front = await frontOf(['127.0.0.0/8', '10.0.0.0/8']);
    front.forwardTo(await upstreamOf(echo));
    const headers = {
      'x-forwarded-for': '192.0.2.1, 203.0.113.7, 10.0.0.4',
      'x-forwarded-host': 'www.shop.example',
      'x-forwarded-proto': 'https',
    };
    await send(front, { headers });
    expect(await visitor()).toEqual({ ip: '203.0.113.7', host: 'www.shop.example' });
    expect(arrived[0]!.headers.host).toBe('www.shop.example');
    await send(front, { headers: { host: 'shop.example' } });
    expect(await visitor()).toEqual({ ip: undefined, host: 'shop.example' });
    expect(log).toEqual([]);
  });

  test.each([{ 'x-forwarded-for': '203.0.113.7' }, { forwarded: 'for=203.0.113.7' }, { via: '1.1 proxy' }, { 'x-real-ip': '203.0.113.7' }])(
    'is nobody behind a proxy that is not trusted, which the operator is told once: %j',
    async (headers) => {
      const front = await frontOf(['10.0.0.0/8']);
      front.forwardTo(await upstreamOf(echo));
      for (let i = 0; i < 2; i++) {
        await send(front, { headers: { ...headers, 'x-forwarded-host': 'other.example' } });
        expect(await visitor()).toEqual({ ip: undefined, host: '127.0.0.1' });
      }
      expect(log).toEqual([
        'a proxy at 127.0.0.1 passes requests on, and edge.trustedProxies in the config does not name it: their visitors have no address',
      ]);
    },
  );

  test("is whom the site's own server has signed, also through a trusted proxy", async () => {
    for (const trusted of [[], ['127.0.0.1']]) {
      const front = await frontOf(trusted);
      front.forwardTo(await upstreamOf(echo));
      await send(front, { headers: { 'x-touchtrail-visitor': signed('203.0.113.7'), 'x-forwarded-for': '198.51.100.1' } });
      expect(await visitor()).toEqual({ ip: '203.0.113.7', host: 'www.shop.example' });
    }
    expect(log).toEqual([]);
  });

  test.each([signed('203.0.113.7', 'another secret, as long as the right one'), 'v1;ip=203.0.113.7', ''])(
    'is nobody where the signature is wrong, which the operator is told once: %s',
    async (value) => {
      const front = await frontOf(['127.0.0.1']);
      front.forwardTo(await upstreamOf(echo));
      for (let i = 0; i < 2; i++) {
        await send(front, { headers: { 'x-touchtrail-visitor': value, 'x-forwarded-for': '198.51.100.1' } });
        expect(await visitor()).toEqual({ ip: undefined, host: '127.0.0.1' });
      }
      expect(log).toEqual([expect.stringMatching(/^visitor_signature_refused: a server at 127\.0\.0\.1 .* PROXY_SECRET/)]);
    },
  );
});

test('no header by which a client claims to be elsewhere comes through', async () => {
  const front = await frontOf();
  front.forwardTo(await upstreamOf(echo));
  const claims = ['CF-Connecting-IP', 'cf-ipcountry', 'MF-CF-Blob', 'MF-Original-URL', 'X-Forwarded-For', 'X-Forwarded-Host', 'Forwarded'];
  const more = ['True-Client-IP', 'X-Real-IP', 'X-Client-IP', 'Via', 'Keep-Alive', 'TE', 'Upgrade', 'X-Named'];
  const headers = Object.fromEntries([...claims, ...more].map((name) => [name, '203.0.113.9']));
  await send(front, {
    method: 'POST',
    body: 'x',
    headers: { ...headers, connection: 'close, x-named, content-length', 'content-length': '1' },
  });
  expect(Object.keys(arrived[0]!.headers).toSorted()).toEqual(['connection', 'content-length', 'host', 'x-touchtrail-visitor']);
});

test('the body of a request that has none by rights does not become the next request', async () => {
  const front = await frontOf();
  front.forwardTo(await upstreamOf((_, response) => void response.end('once')));
  const inside = 'POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n';
  for (const headers of [{ 'transfer-encoding': 'chunked' }, { 'content-length': String(inside.length) }]) {
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      expect(await send(front, { method, headers, body: inside })).toMatchObject({ status: 200, body: 'once' });
    }
  }
  await send(front);
  expect(arrived.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'OPTIONS', 'GET', 'DELETE', 'OPTIONS', 'GET']);
});

test('a request for a whole address is one for its path', async () => {
  const front = await frontOf();
  front.forwardTo(await upstreamOf(echo));
  await send(front, { path: 'http://other.example/health?a=1' });
  expect(arrived[0]!.url).toBe('/health?a=1');
});

const notStored = (message: string) => ({ success: false, reason: 'not_stored', message: `${message} Send the same request again.` });

describe('while workerd does not answer', () => {
  test('the client is told to send again, and a page can read that', async () => {
    const front = await frontOf();
    const origin = 'https://www.shop.example';
    for (const gone of [false, true]) {
      if (gone) {
        const upstream = await upstreamOf(echo);
        const server = servers.pop()!;
        server.close();
        await once(server, 'close');
        front.forwardTo(upstream);
      }
      const answer = await send(front, { method: 'POST', body: '{}', headers: { origin } });
      const message = gone ? 'The edge does not answer just now.' : 'The edge is being started.';
      expect([answer.status, JSON.parse(answer.body)]).toEqual([503, notStored(message)]);
      expect(answer.headers).toMatchObject({
        'retry-after': '1',
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'Retry-After',
        vary: 'Origin',
      });
    }
    front.forwardTo(await upstreamOf(echo));
    expect(await send(front, { method: 'POST', body: 'again' })).toMatchObject({ status: 200, body: 'again' });
  });

  test('a connection that breaks before the answer is told, too', async () => {
    const front = await frontOf();
    front.forwardTo(await upstreamOf((request) => request.socket.destroy()));
    expect(await send(front, { method: 'POST', body: 'x' })).toMatchObject({ status: 503 });
  });

  test('an answer that breaks off does not look whole', async () => {
    const front = await frontOf();
    front.forwardTo(
      await upstreamOf((_, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('12345');
        setImmediate(() => response.destroy());
      }),
    );
    await expect(send(front)).rejects.toThrow('aborted');
  });
});

test('a client that breaks off ends its request to workerd, so that half a body is never taken for a whole', async () => {
  const front = await frontOf();
  const aborted = Promise.withResolvers<unknown>();
  front.forwardTo(
    await upstreamOf((request) => {
      request.once('error', aborted.resolve);
      request.resume();
      client.destroy();
    }),
  );
  const client = httpRequest({ host: '127.0.0.1', port: front.port, method: 'POST', headers: { 'content-length': '1000' } });
  client.on('error', () => {});
  client.write('half');
  expect(await aborted.promise).toMatchObject({ code: 'ECONNRESET' });
});

test('an answer that comes before the whole body reaches the client, and leaves its connection usable', async () => {
  const front = await frontOf();
  front.forwardTo(await upstreamOf((_, response) => void response.writeHead(413).end('too large')));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new Set<unknown>();
  for (let i = 0; i < 2; i++) {
    const request = httpRequest({ host: '127.0.0.1', port: front.port, method: 'POST', agent });
    request.once('socket', (socket) => sockets.add(socket));
    const answering = once(request, 'response');
    // More than the buffers on the way hold.
    request.end('x'.repeat(20_000_000));
    const [response] = (await answering) as [IncomingMessage];
    expect([response.statusCode, await text(response)]).toEqual([413, 'too large']);
    if (!request.writableFinished) await once(request, 'finish');
  }
  expect(sockets.size).toBe(1);
  agent.destroy();
});

test('headers that are too long are refused without asking workerd', async () => {
  const front = await frontOf();
  front.forwardTo(await upstreamOf(echo));
  expect(await send(front, { path: `/${'a'.repeat(40_000)}` })).toMatchObject({ status: 200 });
  expect(await send(front, { path: `/${'a'.repeat(50_000)}` })).toMatchObject({ status: 431 });
  expect(arrived).toHaveLength(1);
});

test('stopping answers what is in flight, takes nothing more, and waits for no idle connection', { timeout: 5_000 }, async () => {
  const front = await frontOf();
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  front.forwardTo(
    await upstreamOf((request, response) => {
      if (request.url === '/quick') return void response.end();
      reached.resolve();
      void goOn.promise.then(() => response.end('stored'));
    }),
  );
  const agent = new Agent({ keepAlive: true });
  const opened = connect(front.port, '127.0.0.1');
  await once(opened, 'connect');
  const [quick] = (await once(httpRequest({ host: '127.0.0.1', port: front.port, path: '/quick', agent }).end(), 'response')) as [
    IncomingMessage,
  ];
  await text(quick);
  const inFlight = httpRequest({ host: '127.0.0.1', port: front.port, agent: new Agent({ keepAlive: true }) }).end();
  await reached.promise;
  const stopped = front.stop();
  await expect(send(front)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  goOn.resolve();
  const [answer] = (await once(inFlight, 'response')) as [IncomingMessage];
  expect([answer.statusCode, await text(answer)]).toEqual([200, 'stored']);
  await stopped;
  opened.destroy();
  agent.destroy();
});

test('a port in use is an error of the system', async () => {
  const { port } = await frontOf();
  const second = startFront({ host: '127.0.0.1', port, proxySecret: SECRET, trustedProxies: [], log: () => {} });
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
