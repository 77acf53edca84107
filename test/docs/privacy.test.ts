import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { INTERNAL_COOKIE } from '../../edge/contract/internal-visitor.ts';
import { VISITOR_COOKIE } from '../../edge/contract/visitor-cookie.ts';
import { Config } from '../../pipeline/config/schema.ts';
import { namingTables } from '../../pipeline/privacy/places.ts';
import { duckDbDialect } from '../../pipeline/warehouse/duckdb/dialect.ts';
import { command, startUp } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const blocks = await codeBlocks('privacy.md');
const page = await readFile(join(root, 'docs', 'privacy.md'), 'utf8');
const config = { project: { name: 'Example', timeZone: 'Europe/Berlin', currency: 'EUR' } };

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-privacy-docs-'));
  await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true });
  await symlink(join(root, 'pipeline', 'cli', 'touchtrail.mjs'), join(folder, 'node_modules', '.bin', 'touchtrail'));
  env = {
    ...process.env,
    PATH: [join(folder, 'node_modules', '.bin'), join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter),
  };
  await writeFile(
    join(folder, 'touchtrail.config.ts'),
    `import { defineConfig } from 'touchtrail';\nexport default defineConfig(${JSON.stringify(config)});\n`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function runBlock(info: string): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await command('sh', ['-ec', blockOf(blocks, info).replaceAll('npx ', '')], { cwd: folder, env });
  if (code !== 0) throw new Error(`"${info}" ended with ${code}:\n${stderr}`);
  return { stdout, stderr };
}

test('the walk-through does what the page says, beside a running edge', async () => {
  const { stdout: key } = await command('touchtrail', ['keys', 'create', '--name', 'website'], { cwd: folder, env });
  const up = await startUp([], { cwd: folder });
  try {
    const id = '0b2f6a52-7c1d-4d7e-9d53-7f1f6d1f1c11';
    const browser = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
    const send = async (type: string, body: object) => {
      const response = await fetch(`${up.url}/v1/${type}`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${key.trim()}:`)}`, 'content-type': 'application/json', 'user-agent': browser },
        body: JSON.stringify({ anonymousId: id, ...body }),
      });
      expect(response.status).toBe(200);
    };
    await send('page', { name: 'Pricing', messageId: 'm1', context: { page: { url: 'https://www.example.com/pricing' } } });
    await send('identify', { traits: { email: 'jane@example.com' }, messageId: 'm2' });
    const { stdout: preview } = await runBlock('sh look');
    expect(preview).toContain(`anonymous id ${id}`);
    expect((await runBlock('sh export')).stderr).toBe(blockOf(blocks, 'text export'));
    const exported = JSON.parse(await readFile(join(folder, 'jane.json'), 'utf8')) as { identifiers: { anonymous_id: string[] } };
    expect(exported.identifiers.anonymous_id).toEqual([id]);
    const { stdout: receipt } = await runBlock('sh erase');
    expect(receipt.replace(/^(Verified) \S+:/m, '$1:')).toMatch(new RegExp(`${blockOf(blocks, 'text erase').trimEnd()}\n$`));
    expect((await runBlock('sh status')).stdout).toBe(receipt);
    // It stays erased.
    await send('page', { name: 'Pricing', messageId: 'm3' });
    await command('touchtrail', ['run'], { cwd: folder, env });
    const { stdout: count } = await command('touchtrail', ['query', 'select count(*) as n from events', '--csv'], { cwd: folder, env });
    expect(count).toBe('n\r\n0\r\n');
  } finally {
    await up.stop();
  }
});

test('the page runs every command it shows', () => {
  expect([...blocks.keys()].filter((info) => info.startsWith('sh ')).toSorted()).toEqual(['sh erase', 'sh export', 'sh look', 'sh status']);
});

test('the map names every table that names persons', () => {
  const ids = { anonymous_id: ['a'], user_id: [], email_hash: [] };
  const naming = namingTables(duckDbDialect, Config.parse(config), ids).map(({ target }) => target.name);
  const left = naming.filter((name) => !name.startsWith('staged_') && name !== 'event_changes' && name !== 'person_changes');
  expect(left.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('cookies have the names and the life that the page says', () => {
  expect(page).toContain(`| \`${VISITOR_COOKIE.name}\` | first-party cookie`);
  expect(VISITOR_COOKIE.maxAge).toBe(400 * 86_400);
  expect(page).toContain(`| \`${INTERNAL_COOKIE.name}\` | first-party cookie`);
});

test('the setting on the page is one', () => {
  const { retention } = Config.parse({
    ...config,
    retention: { events_raw: 400, events: 400, sessions: 400, failed_events: 30, landing: 14 },
  });
  const written = /retention: (\{.*\}),/.exec(blockOf(blocks, 'ts retention'))![1]!.replaceAll(/([a-z_]+):/g, '"$1":');
  expect(JSON.parse(written)).toEqual(retention);
});
