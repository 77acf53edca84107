import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeIn } from './place.ts';
import { yourTurn } from './your-turn.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'it’s '));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the website recommends the very command that the terminal shows, with the data folder as one word of the shell', async () => {
  const { site, text } = await yourTurn(placeIn(join(folder, "'demo'")), 'http://127.0.0.1:8787', 0);
  try {
    const data = relative(process.cwd(), join(folder, String.raw`'\''demo'\''`, 'data'));
    const expected = `npx touchtrail journey --data '${data}' --email you@company.example`;
    expect(text).toContain(`\n       ${expected}\n`);
    expect(text).toContain(`\n       npx touchtrail run --data '${data}'\n`);
    const html = await (await fetch(`${site.url}/thanks`)).text();
    const shown = /<pre><code>(.*)<\/code><\/pre>/.exec(html)![1]!;
    expect(shown.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))).toBe(expected);
  } finally {
    await site.stop();
  }
});

test('a port that is taken costs nothing but another port', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { site } = await yourTurn(placeIn(folder), 'http://127.0.0.1:8787', port);
  try {
    expect(new URL(site.url).port).not.toBe(String(port));
    expect((await fetch(site.url)).status).toBe(200);
  } finally {
    await site.stop();
    other.close();
  }
});
