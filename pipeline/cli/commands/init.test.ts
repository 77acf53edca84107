import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { UserError } from '../../config/user-error.ts';
import { deploymentFiles } from '../init/deployment.ts';
import { deploymentSettings, localSettings } from '../init/settings.ts';

const program = path.join(import.meta.dirname, '..', 'touchtrail.mjs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'touchtrail-init-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const init = (...args: readonly string[]) => spawnSync(process.execPath, [program, 'init', ...args], { cwd: folder, encoding: 'utf8' });
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const BIGQUERY = [
  '--warehouse',
  'bigquery',
  '--gcp-project',
  'fernhill-marketing',
  '--dataset',
  'touch',
  '--site',
  'https://www.fernhill.example/x',
];

test('with BigQuery, everything to deploy with is written', async () => {
  const { status, stdout } = init(...BIGQUERY, '--name', 'Fernhill', '--path', '/t', '--time-zone', 'Asia/Tokyo');
  expect(status).toBe(0);
  expect(stdout.split('\n')[0]).toBe('Fernhill: dates in Asia/Tokyo, money in EUR (touchtrail.config.ts)');
  expect(stdout.match(/^ {2}wrote (.*)$/gm)!.map((line) => line.slice(8))).toEqual([
    'touchtrail.config.ts',
    'conversions/lead.sql',
    'wrangler.toml',
    'deploy/google-cloud.sh',
    'deploy/cloudflare.sh',
    'deploy/SECRETS.md',
    '.github/workflows/touchtrail.yml',
    'snippet.html',
    '.gitignore',
  ]);
  const { config } = await loadConfig(path.join(folder, 'touchtrail.config.ts'));
  expect(config.warehouse).toEqual({
    type: 'bigquery',
    project: 'fernhill-marketing',
    dataset: 'touch',
    location: 'EU',
    maximumBytesBilled: 100_000_000_000,
    maximumBytesPerRun: 1_000_000_000_000,
  });
  expect(config.edge).toMatchObject({ path: '/t', script: 't', url: 'https://www.fernhill.example/t' });
  expect(config.site.domains).toEqual(['fernhill.example']);
  expect(read('snippet.html')).toContain('<script async src="https://www.fernhill.example/t/t.js" data-write-key="YOUR_KEY"></script>');
  expect(read('wrangler.toml')).toContain('\nroutes = ["www.fernhill.example/t/*"]\n');
  expect(read('.gitignore').split('\n')).toEqual([
    'data/',
    'node_modules/',
    'deploy/touchtrail-edge.json',
    'deploy/touchtrail-pipeline.json',
    'deploy/admin-token',
    'deploy/ip-hash-key',
    'deploy/ip-hash-key-id',
    'deploy/erasure-key',
    '',
  ]);
  expect(statSync(path.join(folder, 'deploy/google-cloud.sh')).mode & 0o100).toBe(0o100);
});

test('nothing is overwritten', () => {
  mkdirSync(path.join(folder, 'deploy'));
  for (const name of ['wrangler.toml', 'deploy/SECRETS.md', 'snippet.html']) writeFileSync(path.join(folder, name), 'mine');
  writeFileSync(path.join(folder, '.gitignore'), 'data/\nnode_modules');
  const { stdout } = init(...BIGQUERY);
  for (const name of ['wrangler.toml', 'deploy/SECRETS.md', 'snippet.html']) {
    expect(read(name)).toBe('mine');
    expect(stdout).not.toContain(`wrote ${name}`);
  }
  expect(read('.gitignore')).toMatch(/^data\/\nnode_modules\ndeploy\/touchtrail-edge\.json\n/);
  const again = init(...BIGQUERY);
  expect(again.status).toBe(2);
  expect(again.stderr).toContain('this folder is set up already; nothing was changed');
});

const rightOptions = {
  gcpProject: 'fernhill-marketing',
  dataset: 'touch',
  location: 'EU',
  site: 'https://www.fernhill.example/x?y',
  path: '/t',
};

test('of the website, only the origin counts', () => {
  const { site, path: edgePath } = deploymentSettings(rightOptions);
  expect(site.origin + edgePath).toBe('https://www.fernhill.example/t');
});

test.each([
  [{ gcpProject: undefined }, '--gcp-project is missing: expected the id of a Google Cloud project'],
  [{ gcpProject: 'No $(such)' }, '--gcp-project "No $(such)": expected the id'],
  [{ site: undefined }, '--site is missing: expected the address of your website'],
  [{ site: 'http://a.example' }, '--site "http://a.example": expected'],
  [{ dataset: 'a-b' }, '--dataset "a-b": expected letters'],
  [{ location: "E'U" }, '--location "E\'U": expected "EU", "US"'],
  [{ location: 'Mars' }, '--location "Mars": expected "EU", "US" or a region'],
  [{ path: '/' }, '--path "/": expected a path such as "/t"'],
])('%j is wrong usage', (change, message) => {
  const { gcpProject, site, ...rest } = { ...rightOptions, ...change };
  const settings = () =>
    deploymentSettings({ ...rest, ...(gcpProject !== undefined && { gcpProject }), ...(site !== undefined && { site }) });
  expect(settings).toThrow(message);
  expect(settings).toThrow(UserError);
});

test('after wrong usage, nothing is written', () => {
  const { status, stderr } = init(...BIGQUERY, '--path', '/v1');
  expect(status).toBe(2);
  expect(stderr).toContain('the routes of the edge begin so themselves');
  expect(readdirSync(folder)).toEqual([]);
});

test('on this machine, the snippet holds the key that was made', () => {
  const { status, stdout } = init('--json');
  expect(status).toBe(0);
  const { files, write_key } = JSON.parse(stdout) as { files: string[]; write_key: string };
  expect(files).toEqual(['touchtrail.config.ts', 'conversions/lead.sql', '.gitignore', 'snippet.html']);
  expect(read('snippet.html')).toContain(`<script async src="http://127.0.0.1:8787/t.js" data-write-key="${write_key}"></script>`);
});

test('on this machine, the website and the path of the edge are taken, too', async () => {
  const { status } = init('--site', 'https://www.fernhill.example/x', '--path', '/t');
  expect(status).toBe(0);
  const { config } = await loadConfig(path.join(folder, 'touchtrail.config.ts'));
  expect([config.site.domains, config.edge.path, config.warehouse.type]).toEqual([['fernhill.example'], '/t', 'duckdb']);
});

test.each([
  [{ site: 'www.a.example', path: '/t' }, [], '--site "www.a.example": expected the address'],
  [{ path: '/t' }, ['dataset'], '--dataset is for BigQuery: add --warehouse bigquery'],
  [{ path: '/t' }, ['gcpProject'], '--gcp-project is for BigQuery'],
  [{ path: '/t' }, ['location'], '--location is for BigQuery'],
])('on this machine, %j with %j is wrong usage', (options, given, message) => {
  expect(() => localSettings(options, new Set(given))).toThrow(message);
});

test('an option of BigQuery alone is refused before anything is written, and the corrected command works', () => {
  const wrong = init('--dataset', 'touch');
  expect([wrong.status, readdirSync(folder)]).toEqual([2, []]);
  expect(init(...BIGQUERY).status).toBe(0);
});

/** What `init` writes, without a process for it. */
function writeFiles(): void {
  const project = { name: 'Fernhill', timeZone: 'UTC', currency: 'EUR' };
  for (const { name, text } of deploymentFiles(project, deploymentSettings(rightOptions))) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

/** Puts commands of these names before all others in PATH; each notes its arguments and stdin, then runs the given lines. */
function fakeCommands(commands: Readonly<Record<string, string>>): {
  run(script: string): { status: number | null; calls: string[]; stderr: string };
} {
  const bin = path.join(folder, 'bin');
  const log = path.join(folder, 'calls');
  mkdirSync(bin);
  for (const [name, lines] of Object.entries(commands)) {
    writeFileSync(path.join(bin, name), `#!/usr/bin/env bash\nprintf '%s\\n' "${name} $*" >> '${log}'\n${lines}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
  return {
    run(script) {
      rmSync(log, { force: true });
      // From elsewhere: the scripts find their folder themselves.
      const { status, stderr } = spawnSync('bash', [path.join(folder, script)], {
        cwd: os.tmpdir(),
        encoding: 'utf8',
        env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH']}` },
      });
      return { status, stderr, calls: existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [] };
    },
  };
}

test('the script for Google Cloud makes what is missing, with an edge that may only insert into this dataset', () => {
  writeFiles();
  const state = path.join(folder, 'state');
  mkdirSync(state);
  const fake = fakeCommands({
    // What is asked for is there once it has been made.
    bq: `case "$*" in *' show '*) [[ -e '${state}/dataset' ]] ;; *' mk '*) touch '${state}/dataset' ;; esac`,
    gcloud: `case "$*" in
      'iam service-accounts describe touchtrail-edge@'*) [[ -e '${state}/touchtrail-edge' ]] ;;
      'iam service-accounts describe touchtrail-pipeline@'*) [[ -e '${state}/touchtrail-pipeline' ]] ;;
      'iam service-accounts create '*) touch "${state}/$4" ;;
      'iam roles describe '*) [[ -e '${state}/role' ]] ;;
      'iam roles create '*) touch '${state}/role' ;;
      'iam service-accounts keys create '*) echo '{}' > "$5" ;;
    esac`,
  });
  const ends = '@fernhill-marketing.iam.gserviceaccount.com';
  const [enable, binding] = [
    'gcloud services enable bigquery.googleapis.com iam.googleapis.com --project=fernhill-marketing',
    `gcloud projects add-iam-policy-binding fernhill-marketing --member=serviceAccount:touchtrail-pipeline${ends} --role=roles/bigquery.jobUser --condition=None`,
  ];
  const query = 'bq --project_id=fernhill-marketing --location=EU query --use_legacy_sql=false --quiet grant';
  const grants = [
    `${query} \`projects/fernhill-marketing/roles/touchtrailInsert\` on schema \`fernhill-marketing.touch\` to "serviceAccount:touchtrail-edge${ends}"`,
    `${query} \`roles/bigquery.dataEditor\` on schema \`fernhill-marketing.touch\` to "serviceAccount:touchtrail-pipeline${ends}"`,
  ];
  const asks = [
    'bq --project_id=fernhill-marketing show --dataset fernhill-marketing:touch',
    `gcloud iam service-accounts describe touchtrail-edge${ends} --project=fernhill-marketing`,
    `gcloud iam service-accounts describe touchtrail-pipeline${ends} --project=fernhill-marketing`,
    'gcloud iam roles describe touchtrailInsert --project=fernhill-marketing',
  ];
  const first = fake.run('deploy/google-cloud.sh');
  expect(first.status).toBe(0);
  expect(first.calls).toEqual([
    enable,
    asks[0],
    'bq --project_id=fernhill-marketing --location=EU mk --dataset --description=Touchtrail fernhill-marketing:touch',
    asks[1],
    'gcloud iam service-accounts create touchtrail-edge --project=fernhill-marketing --display-name=Touchtrail edge: inserts events',
    asks[2],
    'gcloud iam service-accounts create touchtrail-pipeline --project=fernhill-marketing --display-name=Touchtrail pipeline: nightly run and reports',
    asks[3],
    'gcloud iam roles create touchtrailInsert --project=fernhill-marketing --title=Touchtrail insert --stage=GA --permissions=bigquery.datasets.get,bigquery.tables.get,bigquery.tables.updateData',
    ...grants,
    binding,
    `gcloud iam service-accounts keys create deploy/touchtrail-edge.json --iam-account=touchtrail-edge${ends} --project=fernhill-marketing`,
    `gcloud iam service-accounts keys create deploy/touchtrail-pipeline.json --iam-account=touchtrail-pipeline${ends} --project=fernhill-marketing`,
  ]);
  expect(statSync(path.join(folder, 'deploy/touchtrail-edge.json')).mode & 0o777).toBe(0o600);
  const second = fake.run('deploy/google-cloud.sh');
  expect(second.status).toBe(0);
  expect(second.calls).toEqual([enable, ...asks, ...grants, binding]);
});

test('a command of Google Cloud that fails ends the script at once', () => {
  writeFiles();
  const { status, calls } = fakeCommands({ bq: '', gcloud: 'exit 7' }).run('deploy/google-cloud.sh');
  expect(status).toBe(7);
  expect(calls).toHaveLength(1);
});

const KEY_STORE = '0123456789abcdef0123456789abcdef';

test('the script for Cloudflare makes what is missing, and puts the id of the key store into wrangler.toml', () => {
  writeFiles();
  writeFileSync(path.join(folder, 'deploy/touchtrail-edge.json'), '{"type":"service_account"}');
  const state = path.join(folder, 'state');
  mkdirSync(state);
  const fake = fakeCommands({
    npx: `case "$*" in
      'wrangler kv namespace create '*) echo 'id = "${KEY_STORE}"' ;;
      'wrangler queues list') if [[ -e '${state}/done' ]]; then echo '│ touchtrail-events │ touchtrail-dead │'; else echo '│ touchtrail-events-staging │'; fi ;;
      'wrangler r2 bucket list') if [[ -e '${state}/done' ]]; then echo 'name: touchtrail-archive'; fi ;;
      'wrangler secret list')
        if [[ ! -e '${state}/done' ]]; then echo 'This Worker does not exist on your account. [code: 10007]' >&2; exit 1; fi
        echo '[{"name":"ADMIN_TOKEN"},{"name":"GOOGLE_SERVICE_ACCOUNT"},{"name":"IP_HASH_KEY_ID"}]' ;;
      'wrangler secret put '*) cat > "${state}/$4"; touch '${state}/done' ;;
    esac`,
  });
  const lists = ['npx wrangler queues list', 'npx wrangler r2 bucket list', 'npx wrangler secret list'];
  const first = fake.run('deploy/cloudflare.sh');
  expect(first.status).toBe(0);
  expect(first.calls).toEqual([
    'npx wrangler kv namespace list',
    'npx wrangler kv namespace create touchtrail-keys',
    lists[0],
    'npx wrangler queues create touchtrail-events',
    'npx wrangler queues create touchtrail-dead',
    lists[1],
    'npx wrangler r2 bucket create touchtrail-archive',
    lists[2],
    'npx wrangler secret put GOOGLE_SERVICE_ACCOUNT',
    'npx wrangler secret put IP_HASH_KEY',
    'npx wrangler secret put IP_HASH_KEY_ID',
    'npx wrangler secret put ADMIN_TOKEN',
  ]);
  expect(read('wrangler.toml')).toContain(`\nid = "${KEY_STORE}"\n`);
  expect(read('state/GOOGLE_SERVICE_ACCOUNT')).toBe('{"type":"service_account"}');
  expect(read('state/IP_HASH_KEY')).toMatch(/^[\w+/]{64}\n$/);
  expect(read('state/IP_HASH_KEY_ID')).toMatch(/^\d{4}-\d\d\n$/);
  expect(read('state/ADMIN_TOKEN')).toMatch(/^[0-9a-f]{64}\n$/);
  // A secret of a Worker cannot be read back: what was made is kept here, for this user alone.
  const kept = [
    ['ADMIN_TOKEN', 'deploy/admin-token'],
    ['IP_HASH_KEY', 'deploy/ip-hash-key'],
    ['IP_HASH_KEY_ID', 'deploy/ip-hash-key-id'],
  ] as const;
  const values = kept.map(([, file]) => read(file));
  for (const [name, file] of kept) {
    expect(read(file)).toBe(read(`state/${name}`));
    expect(statSync(path.join(folder, file)).mode & 0o777).toBe(0o600);
  }
  // IP_HASH_KEY is missing, although IP_HASH_KEY_ID is there: it is put as it was before; what is there is not replaced.
  rmSync(path.join(state, 'IP_HASH_KEY'));
  const second = fake.run('deploy/cloudflare.sh');
  expect(second.status).toBe(0);
  expect(second.calls).toEqual([...lists, 'npx wrangler secret put IP_HASH_KEY']);
  expect(read('state/IP_HASH_KEY')).toBe(read('deploy/ip-hash-key'));
  expect(kept.map(([, file]) => read(file))).toEqual(values);
});

test('a key store that an earlier run has made is looked up', () => {
  writeFiles();
  writeFileSync(path.join(folder, 'deploy/touchtrail-edge.json'), '{}');
  const other = 'f'.repeat(32);
  const stores = JSON.stringify(
    [
      { id: other, title: 'touchtrail-keys-staging' },
      { id: KEY_STORE, title: 'touchtrail-keys' },
    ],
    null,
    2,
  );
  const fake = fakeCommands({
    npx: `case "$*" in *'kv namespace list') echo '${stores}' ;; *'kv namespace create'*) exit 1 ;; *'secret list') echo '[]' ;; *' put '*) cat > /dev/null ;; esac`,
  });
  const { status, calls } = fake.run('deploy/cloudflare.sh');
  expect([status, calls[0], calls[1]]).toEqual([0, 'npx wrangler kv namespace list', 'npx wrangler queues list']);
  expect(read('wrangler.toml')).toContain(`\nid = "${KEY_STORE}"\n`);
});

test('of a secret that was put elsewhere, no file pretends to hold it', () => {
  writeFiles();
  writeFileSync(path.join(folder, 'deploy/touchtrail-edge.json'), '{}');
  const fake = fakeCommands({
    npx: `case "$*" in
      *'kv namespace'*) echo '${KEY_STORE}' ;;
      *'secret list') echo '[{"name":"ADMIN_TOKEN"},{"name":"GOOGLE_SERVICE_ACCOUNT"},{"name":"IP_HASH_KEY_ID"},{"name":"IP_HASH_KEY"}]' ;;
    esac`,
  });
  const { status, calls, stderr } = fake.run('deploy/cloudflare.sh');
  expect([status, calls.filter((call) => call.includes('secret put'))]).toEqual([0, []]);
  for (const file of ['admin-token', 'ip-hash-key', 'ip-hash-key-id']) expect(existsSync(path.join(folder, 'deploy', file))).toBe(false);
  expect(stderr).toContain('the Worker has a secret IP_HASH_KEY, but deploy/ip-hash-key is not here: put your copy there');
});

test('where the secrets cannot be listed, none is replaced', () => {
  writeFiles();
  writeFileSync(path.join(folder, 'deploy/touchtrail-edge.json'), '{}');
  const fake = fakeCommands({
    npx: `case "$*" in *'kv namespace'*) echo '${KEY_STORE}' ;; *'secret list') echo 'Authentication error' >&2; exit 1 ;; esac`,
  });
  const { status, calls } = fake.run('deploy/cloudflare.sh');
  expect(status).toBe(1);
  expect(calls.filter((call) => call.includes('secret put'))).toEqual([]);
});
