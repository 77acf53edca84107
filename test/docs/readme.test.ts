import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningUp, startUp } from '../cli.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');
const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}` };

/** Code blocks of one language in a chapter of the README. */
function blocks(chapter: string, language: string): string[] {
  const start = chapter === '' ? 0 : readme.indexOf(`\n## ${chapter}\n`);
  if (start < 0) throw new Error(`the README has no chapter "${chapter}"`);
  const end = readme.indexOf('\n## ', start + 1);
  return [...readme.slice(start, end).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code]) => code!);
}

let folder: string;
let up: RunningUp;

/** Runs a line of the README as a shell would, in a folder that has Touchtrail installed. */
async function shell(line: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('sh', ['-c', line], { cwd: folder, env, maxBuffer: 1 << 26 });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-readme-'));
  await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true });
  await symlink(join(root, 'pipeline', 'cli', 'touchtrail.mjs'), join(folder, 'node_modules', '.bin', 'touchtrail'));
});

afterAll(async () => {
  await up?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('the first two commands of the README exist, and are all that is needed', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  expect(blocks('', 'sh')).toEqual(['npm install && npm run demo\n', 'npm install && npm test\n']);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']));
});

test('the commands of "On your own website" lead from an empty folder to a report', async () => {
  const [setUp, afterAVisit] = blocks('On your own website', 'sh');
  const [init, start] = setUp!.trim().split('\n');
  expect(start).toBe('npx touchtrail up');

  const { stdout } = await shell(init!);
  const writeKey = /data-write-key="([^"]+)"/.exec(stdout)![1]!;
  up = await startUp([], { cwd: folder });
  const visit = await fetch(`${up.url}/v1/batch`, {
    method: 'POST',
    headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
    body: JSON.stringify({
      writeKey,
      batch: [
        {
          type: 'page',
          messageId: 'p1',
          anonymousId: 'visitor-1',
          context: { page: { url: 'https://mycompany.example/?utm_source=letter&utm_medium=email' } },
        },
        { type: 'track', event: 'Form Submitted', messageId: 'f1', anonymousId: 'visitor-1' },
      ],
    }),
  });
  expect(visit.status).toBe(200);

  const [journey, run, report] = afterAVisit!.trim().split('\n');
  expect((await shell(journey!)).stdout).toMatch(/not yet processed/);
  await shell(run!);
  expect((await shell(`${report!} --last all --csv`)).stdout).toMatch(/^Email,1,/m);
  await shell(report!);
});

test('the example of a history import is accepted, and stands in the warehouse after a run', async () => {
  const { stdout: key } = await shell('npx touchtrail keys create --kind server');
  const [code] = blocks('Sending events from a server, and history', 'js');
  expect(code).toContain('http://127.0.0.1:8787/');
  await writeFile(
    join(folder, 'import.mjs'),
    `${code!.replace('http://127.0.0.1:8787', up.url).replace('await fetch', 'const answer = await fetch')}\nconsole.log(JSON.stringify(await answer.json()));\n`,
  );
  const { stdout } = await shell(`TOUCHTRAIL_SERVER_KEY=${key.trim()} node import.mjs`);
  expect(JSON.parse(stdout)).toMatchObject({ results: [{ status: 'ok' }] });
  await shell('npx touchtrail run');
  const query = "select started_at, channel from sessions where anonymous_id like '0b7c1f0e%'";
  expect((await shell(`npx touchtrail query "${query}" --csv`)).stdout).toMatch(/2025-12-09.*13:21.*,Paid Search/);
});

test('the config and the SQL of "Conversions" work, and so does every command of "Reading the numbers"', async () => {
  const [config] = blocks('Conversions', 'ts');
  const [sql] = blocks('Conversions', 'sql');
  await mkdir(join(folder, 'crm'));
  await mkdir(join(folder, 'costs'));
  await writeFile(join(folder, 'touchtrail.config.ts'), config!);
  await writeFile(join(folder, 'conversions', 'closed_won.sql'), sql!);
  await writeFile(
    join(folder, 'crm', 'deals.csv'),
    'deal_id,email,anonymous_id,lead_created_at,closed_at,amount,currency\n' +
      'D-1042,jane@customer.example,0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55,2026-01-14T09:06:00Z,2026-06-17,50000,EUR\n',
  );
  await writeFile(
    join(folder, 'costs', 'google_ads.csv'),
    'date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks\n2025-12-09,1,11,Brand,,,,,100.00,1000,10\n',
  );
  await shell('npx touchtrail run');
  for (const line of blocks('Reading the numbers', 'sh')[0]!.trim().split('\n')) await shell(line);
  const { stdout } = await shell(
    'npx touchtrail report --last all --conversion closed_won --model first_click --metrics conversion_value --by channel --csv',
  );
  expect(stdout).toMatch(/^Paid Search,50000/m);
});
