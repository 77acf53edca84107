import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeOf } from '../../pipeline/import/mapping/targets.ts';
import { TIME_TOKENS } from '../../pipeline/import/mapping/time-format.ts';
import { landedIn } from '../clients/ground.ts';
import { command, type RunningUp, startUp } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const blocks = await codeBlocks('import.md');
const page = await readFile(join(root, 'docs', 'import.md'), 'utf8');

/** The files of the page. */
const FILES: Readonly<Record<string, string>> = {
  'csv visits': 'visits.csv',
  'json map': 'map.json',
  'ts map': 'map.mts',
  'json events': 'events.ndjson',
  'json segment': 'segment.ndjson',
  'json ga4': 'ga4.ndjson',
};
const EXAMPLES = ['csv-dry-run', 'csv', 'ndjson', 'segment', 'ga4'] as const;
const FIRST = 'csv';

let folder: string;
let env: NodeJS.ProcessEnv;
let up: RunningUp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-import-docs-'));
  await mkdir(join(folder, 'bin'));
  await symlink(join(root, 'pipeline', 'cli', 'touchtrail.mjs'), join(folder, 'bin', 'touchtrail'));
  env = { ...process.env, PATH: [join(folder, 'bin'), join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter) };
  const project = "project: { name: 'Example', timeZone: 'Europe/Berlin', currency: 'EUR' }";
  await writeFile(join(folder, 'touchtrail.config.ts'), `export default { ${project} };\n`);
  for (const [info, name] of Object.entries(FILES)) await writeFile(join(folder, name), blockOf(blocks, info));
  // One edge for all examples: each would start its own.
  up = await startUp([], { cwd: folder });
});
afterAll(async () => {
  await up?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The output as on the page: without what depends on the moment, and on how wide columns are. */
function asShown(output: string): string {
  return output.replaceAll(/imports\/\d{8}T\d{9}Z-[0-9a-f]{8}/g, 'imports/20260301T080000000Z-1a2b3c4d').replaceAll(/ +$/gm, '');
}

const runExample = async (name: string): Promise<void> => {
  // Without npx, which takes a second each time.
  const script = blockOf(blocks, `sh ${name}`).replaceAll('npx ', '');
  const { code, stdout, stderr } = await command('sh', ['-ec', script], { cwd: folder, env });
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  expect(asShown(stdout)).toBe(asShown(blockOf(blocks, `text ${name}`)));
};
// The first makes the key; the others need nothing of each other, and are started at once.
test.each([FIRST])('the example "%s" prints what the page shows', runExample);
test.concurrent.each(EXAMPLES.filter((name) => name !== FIRST))('the example "%s" prints what the page shows', runExample);

test('the events of all examples have landed as the page says', async () => {
  await up.stop();
  const { events, failed } = await landedIn(join(folder, 'data'));
  expect(failed).toEqual([]);
  const inOrder = events.toSorted((one, other) => (one.occurred_at < other.occurred_at ? -1 : 1));
  expect(inOrder).toMatchObject([
    {
      type: 'page',
      ga_client_id: '1234567890.1767430800',
      occurred_at: '2026-01-03T09:00:00.123456Z',
      country: 'DE',
      utm_source: 'newsletter',
      utm_medium: 'email',
    },
    { type: 'page', message_id: 'ajs-1', anonymous_id: 'c-1001', page_path: '/pricing' },
    { type: 'identify', message_id: 'ajs-2', user_id: 'u-7' },
    {
      type: 'page',
      anonymous_id: 'c-1001',
      occurred_at: '2026-01-05T08:00:00.000Z',
      utm_campaign: 'spring',
      referrer: 'https://www.google.com/',
    },
    {
      type: 'track',
      event: 'Form Submitted',
      anonymous_id: 'c-1001',
      email_hashes: [{ origin: 'form', hash: expect.stringMatching(/^b5fc85e5/) as string }],
    },
    { type: 'track', event: 'Signed Up', anonymous_id: 'shop-7', occurred_at: '2026-01-05T09:00:00.000Z', properties: '{"plan":"team"}' },
    { anonymous_id: 'shop-8' },
  ]);
});

describe('the page', () => {
  test('runs every block but those for an account with Google and for a deployed edge', () => {
    const shown = EXAMPLES.flatMap((name) => [`sh ${name}`, `text ${name}`]);
    expect([...blocks.keys()].toSorted()).toEqual([...Object.keys(FILES), ...shown, 'sh bigquery', 'sh key'].toSorted());
  });

  test('names fields that there are, and all parts of a time', () => {
    const [, table] = /### Fields\n\n\|[^\n]*\n\|[^\n]*\n([\s\S]*?)\n\n/.exec(page)!;
    const fields = table!.split('\n').flatMap((line) => [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
    expect(fields.length).toBeGreaterThan(30);
    expect(fields.filter((name) => placeOf(name.replace('…', 'x')) === undefined)).toEqual([]);
    expect(page).toContain(`a pattern of \`${TIME_TOKENS.join(' ')}\``);
  });
});
