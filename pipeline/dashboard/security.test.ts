import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReader, type Reader } from '../query/reader.ts';
import { publish } from '../query/testing/publish.ts';
import { REPORT_TABLES } from '../query/testing/world.ts';
import { sql, table } from '../warehouse/sql.ts';
import { REPORT_SESSIONS } from '../models/reports/tables.ts';
import { createDashboard, type DashboardOptions } from './app.ts';
import { serveDashboard } from './serve.ts';

const TOKEN = 'a-token-of-some-length';
let dataFolder: string;
let reader: Reader;
beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(tmpdir(), 'touchtrail-dashboard-security-'));
  await publish(dataFolder, REPORT_TABLES);
  reader = createReader(dataFolder);
});
afterAll(async () => {
  await reader.close();
  await rm(dataFolder, { recursive: true, force: true });
});

const app = (changes: Partial<DashboardOptions> = {}): Hono =>
  createDashboard({
    dataFolder,
    reader,
    now: () => new Date('2026-04-01T09:00:00Z'),
    hosts: ['127.0.0.1', 'reports.fernhill.example'],
    log: () => {},
    ...changes,
  });
const withToken = () => app({ token: TOKEN, hosts: 'any' });

describe('every answer', () => {
  test.each(['/', '/channels', '/nowhere', '/?period=x', '/health', '/channels?format=csv', '/login'])(
    '%s has strict headers',
    async (address) => {
      const { headers } = await app({ token: address === '/login' ? TOKEN : undefined, hosts: 'any' }).request(address);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  test('holds no style, script or handler of its own', async () => {
    const page = await (await app().request('http://127.0.0.1/channels')).text();
    expect(page).not.toMatch(/<style|<script(?! src="\/assets\/)|\sstyle=|\son[a-z]+=|javascript:/);
  });
});

describe('the name it is asked by', () => {
  test.each(['127.0.0.1:8788', '127.0.0.1', 'reports.fernhill.example', 'REPORTS.fernhill.example:443'])('%s is known', async (host) => {
    expect((await app().request('/health', { headers: { host } })).status).toBe(200);
  });
  test.each(['evil.example', '127.0.0.1.evil.example', 'evil.example:8788', 'localhost@evil.example', ''])('%j is not', async (host) => {
    const answer = await app().request('/', { headers: { host } });
    expect(answer.status).toBe(421);
    expect(await answer.text()).toContain('open it by 127.0.0.1');
  });
});

const signIn = (token: string, to: string, headers: Record<string, string> = {}) =>
  withToken().request('/login', { method: 'POST', body: new URLSearchParams({ token, to }), headers });

const status = async (authorization: string) => (await withToken().request('/', { headers: { authorization } })).status;

describe('a token', () => {
  test.each(['/', '/channels?format=csv', '/nowhere', '/mcp', '/loginx', '/healthz'])('%s is refused without it', async (address) => {
    const plain = await withToken().request(address);
    expect([plain.status, plain.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const browser = await withToken().request(address, { headers: { accept: 'text/html,*/*' } });
    expect([browser.status, browser.headers.get('location')]).toEqual([303, `/login?to=${encodeURIComponent(address)}`]);
  });

  test('opens the dashboard to programs, and no part of it does', async () => {
    expect(await status(`Bearer ${TOKEN}`)).toBe(200);
    for (const wrong of [TOKEN.slice(0, -1), `${TOKEN}x`, '', 'undefined']) expect(await status(`Bearer ${wrong}`)).toBe(401);
    expect(await status(`Basic ${TOKEN}`)).toBe(401);
  });

  test('signs a reader in with a cookie that scripts cannot read, other sites cannot send, and that does not hold it', async () => {
    const answer = await signIn(TOKEN, '/channels?period=90d');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/channels?period=90d']);
    const cookie = answer.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^touchtrail_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(cookie).not.toContain(TOKEN);
    expect((await withToken().request('/', { headers: { cookie: cookie.split(';')[0]! } })).status).toBe(200);
    expect((await withToken().request('/', { headers: { cookie: `touchtrail_session=${TOKEN}` } })).status).toBe(401);
    const secure = await signIn(TOKEN, '/', { 'x-forwarded-proto': 'https' });
    expect(secure.headers.get('set-cookie')).toContain('; Secure');
  });

  test('a wrong one signs nobody in', async () => {
    const answer = await signIn('wrong', '/');
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
    expect(await answer.text()).toContain('That is not the token.');
    expect((await signIn('x'.repeat(20_000), '/')).status).toBe(413);
  });

  test.each([
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '\\\\evil.example',
    '/..//evil.example',
    'evil',
  ])('signing in never leads away: %j', async (to) => {
    const location = (await signIn(TOKEN, to)).headers.get('location')!;
    // As a browser reads it.
    expect(new URL(location, 'http://reports.fernhill.example/login').origin).toBe('http://reports.fernhill.example');
    const form = await (await withToken().request(`/login?to=${encodeURIComponent(to)}`)).text();
    expect(form).not.toContain('value="//');
  });
});

const serve = (changes: Partial<Parameters<typeof serveDashboard>[0]>) =>
  serveDashboard({ dataFolder, host: '127.0.0.1', port: 0, log: () => {}, ...changes });

describe('where it listens', () => {
  test('beyond this machine only with a token that cannot be tried out', async () => {
    await expect(serve({ host: '0.0.0.0' })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('TOUCHTRAIL_DASHBOARD_TOKEN') as string,
    });
    await expect(serve({ host: '::' })).rejects.toMatchObject({ exitCode: 2 });
    await expect(serve({ token: 'short' })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('has 5 characters; expected 16') as string,
    });
  });

  test('under the name of a proxy, where it is told', async () => {
    const server = await serve({ publicUrl: 'https://Reports.Fernhill.example/' });
    const ask = async (host: string) => {
      const { request } = await import('node:http');
      return new Promise<number>((resolve, reject) => {
        request(`${server.url}/health`, { headers: { host } }, (answer) => (answer.resume(), resolve(answer.statusCode!)))
          .on('error', reject)
          .end();
      });
    };
    expect(await Promise.all(['reports.fernhill.example', new URL(server.url).host, 'evil.example'].map(ask))).toEqual([200, 200, 421]);
    await server.stop();
    await expect(serve({ publicUrl: 'reports' })).rejects.toMatchObject({ exitCode: 2 });
  });

  test('a port that is taken is named', async () => {
    const server = await serve({});
    const port = Number(new URL(server.url).port);
    await expect(serve({ port })).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`);
    await server.stop();
  });
});

describe('what pages read', () => {
  test('cannot be written, and no file beside it be read', async () => {
    const secret = path.join(dataFolder, 'secret.csv');
    await writeFile(secret, 'a\n1\n');
    await reader.read(undefined, async ({ warehouse }) => {
      await expect(warehouse.rows(sql`select * from read_csv(${secret})`)).rejects.toThrow();
      await expect(warehouse.rows(sql`select * from read_text(${secret})`)).rejects.toThrow();
      await expect(warehouse.rows(sql`delete from ${table(REPORT_SESSIONS.name)}`)).rejects.toThrow();
      await expect(warehouse.rows(sql`set enable_external_access = true`)).rejects.toThrow();
    });
  });
});
