import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config } from '../../config/schema.ts';
import { createKey } from '../../embedded/keys.ts';
import { SegmentWriter } from '../../embedded/landing/segment-writer.ts';
import { callControl } from '../../embedded/control.ts';
import type { DashboardPlace } from '../dashboard-server.ts';
import { serve, type UpStatus } from './serve.ts';

let dataFolder: string;
beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(tmpdir(), 'touchtrail-serve-'));
  await createKey(dataFolder, { kind: 'browser', name: 'site', key: 'demo' });
});
afterEach(() => rm(dataFolder, { recursive: true, force: true }));

const start = (edge?: { path?: string; script?: string }, log: (line: string) => void = () => {}, dashboard?: DashboardPlace) =>
  serve({
    loaded: {
      config: Config.parse({ project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, edge }),
      configFolder: dataFolder,
      file: path.join(dataFolder, 'touchtrail.config.ts'),
    },
    dataFolder,
    host: '127.0.0.1',
    port: 0,
    dashboard,
    log,
  });

const isAnswered = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });

test('where the control socket cannot be served, the edge, its writer and the scheduler are stopped again', async () => {
  // A folder in the place of the socket: it can be neither connected to nor replaced.
  await mkdir(path.join(dataFolder, 'control.sock', 'occupied'), { recursive: true });
  await expect(start()).rejects.toThrow();
  expect(existsSync(path.join(dataFolder, 'up.json'))).toBe(false);
  // Would be refused while the writer of the edge holds the landing zone.
  const writer = await SegmentWriter.open(dataFolder);
  await writer.close();
});

test('a server that is stopped answers no more', async () => {
  const server = await start();
  const port = Number(new URL(server.url).port);
  expect(await isAnswered(port)).toBe(true);
  await server.stop();
  expect(await isAnswered(port)).toBe(false);
});

test('the path of the edge and the name of the script are those of the config', async () => {
  const server = await start({ path: '/t', script: 'app' });
  const statuses = ['/t/app.js', '/app.js', '/t/t.js', '/t.js'].map(async (path) => (await fetch(server.url + path)).status);
  expect(await Promise.all(statuses)).toEqual([200, 200, 404, 404]);
  await server.stop();
});

test('a new data folder is for this user alone and named, and so is that it has no write key', async () => {
  await rm(dataFolder, { recursive: true });
  const lines: string[] = [];
  const server = await start(undefined, (line) => lines.push(line));
  await server.stop();
  expect(lines).toEqual([
    `made a new data folder ${dataFolder} (--data names another)`,
    `warning: there is no write key in ${dataFolder}, so that every event is refused: npx touchtrail keys create`,
  ]);
  expect(((await stat(dataFolder)).mode & 0o777).toString(8)).toBe('700');
});

test('the dashboard is served beside the edge, from its first page on, and ends with it', async () => {
  const lines: string[] = [];
  const server = await start(undefined, (line) => lines.push(line), { host: '127.0.0.1', port: 0 });
  const [, url] = /^dashboard (http:\/\/127\.0\.0\.1:\d+)$/m.exec(lines.join('\n'))!;
  expect((await callControl<UpStatus>(dataFolder, { command: 'status' }))?.dashboard).toBe(url);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  // Nothing is published yet.
  const page = await fetch(url!);
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('run `touchtrail run`')]);
  await server.stop();
  expect(await isAnswered(Number(new URL(url!).port))).toBe(false);
});

test('events are received where the port of the dashboard is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const lines: string[] = [];
  const server = await start(undefined, (line) => lines.push(line), { host: '127.0.0.1', port });
  expect(lines.join('\n')).toContain(`warning: no dashboard: port ${port} of 127.0.0.1 is taken`);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  await server.stop();
  other.close();
});
