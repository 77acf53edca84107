import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, realpathSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyOfProject } from './checkout.ts';

const root = join(import.meta.dirname, '..', '..');
const execute = promisify(execFile);
/** The system's Node may be older than what the package needs; this is what a project with its own `node` package has. */
const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}` };

let folder: string;
/** The package as it lies in the project. */
let installed: string;
let files: string[];
let up: ChildProcess | undefined;

const npx = async (...args: readonly string[]): Promise<string> =>
  (await execute('npx', ['--no-install', 'touchtrail', ...args], { cwd: folder, env, maxBuffer: 1 << 26 })).stdout;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-package-'));
  installed = join(folder, 'node_modules', 'touchtrail');
  const packed = await execute('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder], {
    cwd: await copyOfProject(join(folder, 'checkout')),
    env,
    maxBuffer: 1 << 26,
  });
  // What prepack prints comes first.
  const [{ filename, files: contents }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n'))) as [
    { filename: string; files: { path: string }[] },
  ];
  files = contents.map(({ path }) => path);
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  await execute('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', join(folder, filename)], {
    cwd: folder,
    env,
  });
});
afterAll(async () => {
  if (up && up.exitCode === null) {
    up.kill('SIGTERM');
    await once(up, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

test('the package holds what runs, and neither tests nor sources', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'package.json',
      'pipeline/cli/touchtrail.mjs',
      'dist/edge/worker.js',
      'dist/tracker/t.js',
      'THIRD-PARTY.md',
    ]),
  );
  // What a website loads: the script, and each extension beside it; and the same beside the Worker, which serves them.
  const extensions = readdirSync(join(root, 'tracker', 'src', 'extensions')).filter((file) => /^[\w-]+\.ts$/.test(file));
  expect(files.filter((file) => /^dist\/(?:tracker|edge)\/[^/]+\.js$/.test(file)).toSorted()).toEqual(
    ['dist/edge/worker.js', 'dist/tracker/t.js', ...extensions.map((file) => `dist/tracker/t.${file.replace(/ts$/, 'js')}`)].toSorted(),
  );
  const beside = (folder: string) =>
    files.flatMap((file) => (file.startsWith(`${folder}/t.`) ? [file.slice(folder.length)] : [])).toSorted();
  expect(beside('dist/edge/assets')).toEqual(beside('dist/tracker'));
  // What a config imports from 'touchtrail', a website's code from 'touchtrail/tracker' and its server from 'touchtrail/server', and
  // nothing besides.
  expect(files.filter((file) => file.endsWith('.d.ts')).toSorted()).toEqual([
    'dist/edge/contract/cidr.d.ts',
    'dist/edge/contract/forwarded-for.d.ts',
    'dist/edge/contract/internal-visitor.d.ts',
    'dist/edge/contract/ip.d.ts',
    'dist/edge/contract/visitor-address.d.ts',
    'dist/edge/contract/visitor-cookie.d.ts',
    'dist/pipeline/config/attribution.d.ts',
    'dist/pipeline/config/calendar.d.ts',
    'dist/pipeline/config/channels.d.ts',
    'dist/pipeline/config/conversions.d.ts',
    'dist/pipeline/config/costs.d.ts',
    'dist/pipeline/config/funnels.d.ts',
    'dist/pipeline/config/other-costs.d.ts',
    'dist/pipeline/config/patterns.d.ts',
    'dist/pipeline/config/problems.d.ts',
    'dist/pipeline/config/schema.d.ts',
    'dist/pipeline/config/suggest.d.ts',
    'dist/pipeline/config/text-test.d.ts',
    'dist/pipeline/index.d.ts',
    'dist/tracker/module/types/tracker/src/api.d.ts',
    'dist/tracker/module/types/tracker/src/consent.d.ts',
    'dist/tracker/module/types/tracker/src/module.d.ts',
    'dist/tracker/server/caching.d.ts',
    'dist/tracker/server/express.d.ts',
    'dist/tracker/server/hono.d.ts',
    'dist/tracker/server/index.d.ts',
    'dist/tracker/server/next.d.ts',
    'dist/tracker/server/page-call.d.ts',
    'dist/tracker/server/proxy-body.d.ts',
    'dist/tracker/server/proxy-errors.d.ts',
    'dist/tracker/server/proxy-rules.d.ts',
    'dist/tracker/server/proxy.d.ts',
    'dist/tracker/server/request.d.ts',
    'dist/tracker/server/visitor.d.ts',
  ]);
  expect(files.filter((file) => /\.test\.|\/testing\/|(?:^|\/)test\/|(?<!\.d)\.c?ts$/.test(file))).toEqual([]);
});

test('the script and its extensions are found by their names, to be served by the website itself', async () => {
  const names = files.flatMap((file) => /^dist\/tracker\/(t\.[^/]*js)$/.exec(file)?.[1] ?? []);
  const resolve = `for (const name of ${JSON.stringify(names)}) console.log(import.meta.resolve('touchtrail/' + name))`;
  const { stdout } = await execute('node', ['--input-type=module', '--eval', resolve], { cwd: folder, env });
  const urls = names.map((name) => pathToFileURL(join(realpathSync(installed), 'dist', 'tracker', name)).href);
  expect(names).toContain('t.js');
  expect(stdout.trim().split('\n')).toEqual(urls);
});

test('the licences of what is bundled into the Worker come with it', async () => {
  const notices = await readFile(join(installed, 'dist', 'edge', 'NOTICES.txt'), 'utf8');
  expect(notices.match(/^\S+ \d+\.\d+\.\d+ \(.+\)$/gm)!.map((line) => line.split(' ')[0])).toEqual(['bowser', 'hono', 'isbot', 'zod']);
  // MIT, three times; the Unlicense.
  expect(notices.match(/Permission is hereby granted, free of charge/g)).toHaveLength(3);
  expect(notices).toContain('This is free and unencumbered software released into the public domain.');
});

test('in an empty folder the packaged command sets up a project, receives an event, runs and reports', async () => {
  const made = JSON.parse(await npx('init', '--json', '--name', 'Empty shop', '--time-zone', 'Europe/Berlin')) as {
    files: string[];
    write_key: string;
  };
  expect(made.files).toEqual(['touchtrail.config.ts', 'conversions/lead.sql', '.gitignore', 'snippet.html']);
  expect(await readFile(join(folder, '.gitignore'), 'utf8')).toBe('data/\nnode_modules/\n');
  await typeCheck();

  const url = await startUp();
  expect(await npx('run', '--quiet')).toContain('nothing changed');
  expect(await npx('report')).toContain('Empty shop');

  const answer = await fetch(`${url}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
    body: JSON.stringify({
      writeKey: made.write_key,
      batch: [
        {
          type: 'page',
          messageId: 'm1',
          anonymousId: 'visitor',
          context: {
            page: { url: 'https://shop.example/?utm_source=newsletter&utm_medium=email', path: '/' },
            campaign: { source: 'newsletter', medium: 'email' },
          },
        },
        { type: 'track', event: 'Form Submitted', messageId: 'm2', anonymousId: 'visitor' },
      ],
    }),
  });
  expect(answer.status).toBe(200);
  await npx('run', '--quiet');
  const today = new Date();
  const days = (count: number): string => new Date(today.getTime() + count * 86_400_000).toISOString().slice(0, 10);
  expect(await npx('report', '--from', days(-2), '--to', days(2), '--metrics', 'sessions,conversions', '--csv')).toMatch(/^Email,1,1,1$/m);

  up!.kill('SIGTERM');
  expect((await once(up!, 'exit'))[0]).toBe(0);
  expect((await readdir(join(folder, 'data'))).filter((name) => name.endsWith('.sock') || name === 'up.json')).toEqual([]);
});

test('the helper for servers is imported by its name, and its types come with it', async () => {
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--ignoreConfig'];
  await writeFile(join(folder, 'server.ts'), SERVER);
  await execute('tsc', [...options, 'server.ts'], { cwd: folder, env });
  const read = `import { readVisitorId } from 'touchtrail/server'; console.log(readVisitorId('a=1; anonymous_id=${VISITOR}'));`;
  const { stdout } = await execute('node', ['--input-type=module', '--eval', read], { cwd: folder, env });
  expect(stdout).toBe(`${VISITOR}\n`);
});

test('the tracker is imported by its name, does nothing on a server, and its types come with it', async () => {
  await writeFile(join(folder, 'browser.ts'), BROWSER);
  const lib = ['--lib', 'es2023,dom,dom.iterable', '--skipLibCheck', 'false', '--types', ''];
  for (const resolution of [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ])
    await execute('tsc', ['--noEmit', '--strict', '--target', 'es2023', '--ignoreConfig', ...resolution, ...lib, 'browser.ts'], {
      cwd: folder,
      env,
    });
  const started = `import { start } from 'touchtrail/tracker'; console.log(start({ writeKey: 'k', apiHost: '/t/' }).getAnonymousId());`;
  const { stdout } = await execute('node', ['--input-type=module', '--eval', started], { cwd: folder, env });
  expect(stdout).toBe('undefined\n');
});

const BROWSER = `import { start, type Touchtrail } from 'touchtrail/tracker';
const touchtrail: Touchtrail = start({ writeKey: 'k', apiHost: '/t/', linker: ['shop.example'] });
touchtrail.track('Signed Up');
// @ts-expect-error no such option
start({ writeKey: 'k', apiHost: '/t/', linkers: [] });
`;

const VISITOR = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const SERVER = `import { visitorCookie, withVisitorCookie } from 'touchtrail/server';
export const answer = (request: Request) => withVisitorCookie(new Response('hello'), visitorCookie(request, { cookieDays: 30 }));
// @ts-expect-error days are a number
visitorCookie(new Request('https://shop.example/'), { cookieDays: '30' });
`;

/** The config that `init` made fits the types of the package, which tell a misspelt key. */
async function typeCheck(): Promise<void> {
  await writeFile(join(folder, 'wrong.ts'), WRONG_CONFIG);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--ignoreConfig'];
  await execute('tsc', [...options, 'touchtrail.config.ts', 'wrong.ts'], { cwd: folder, env });
  await rm(join(folder, 'wrong.ts'));
}

const WRONG_CONFIG = `import { defineConfig } from 'touchtrail';
export default defineConfig({
  project: { name: 'Empty shop', timeZone: 'Europe/Berlin', currency: 'EUR' },
  // @ts-expect-error no such key
  conversion: [],
});
`;

async function startUp(): Promise<string> {
  const child = spawn(process.execPath, [join(installed, 'pipeline', 'cli', 'touchtrail.mjs'), 'up', '--port', '0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  up = child;
  return await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^ready (http:\S+)$/.exec(line);
      if (ready) resolve(ready[1]!);
    });
    child.once('exit', (code) => reject(new Error(`touchtrail up ended with ${code} before it was ready`)));
  });
}
