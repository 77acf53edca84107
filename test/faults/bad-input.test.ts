import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { touchtrail, touchtrailJson, startUp, type CommandResult } from '../cli.ts';
import { createProject, land, visit, type SmallProject } from './small-project.ts';

let project: SmallProject;
beforeEach(() => {
  project = createProject();
});
afterEach(() => rmSync(project.folder, { recursive: true, force: true }));

const inProject = async (...args: readonly string[]): Promise<CommandResult> => await touchtrail(args, { cwd: project.folder });

function edit(name: string, from: string, to: string): void {
  const file = join(project.folder, name);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

/** What a person at the terminal gets: a message, no stack trace, nothing on stdout. */
function expectMessage(result: CommandResult, code: number, ...parts: readonly string[]): void {
  for (const part of parts) expect(result.stderr).toContain(part);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.stdout).toBe('');
  expect(result.code).toBe(code);
}

test('an unknown config key is named with the nearest valid one', async () => {
  edit('touchtrail.config.ts', 'funnel:', 'funel:');
  expectMessage(
    await inProject('run'),
    2,
    'error: touchtrail.config.ts: 1 problem in the config\n  funel: ["lead","closed_won"]: unknown key; did you mean "funnel"?\n',
  );
});

test('a config that is no TypeScript is named with the line', async () => {
  edit('touchtrail.config.ts', "columns: { deal_id: 'STRING',", "columns: { deal_id 'STRING',");
  expectMessage(await inProject('run'), 2, 'error: touchtrail.config.ts:15: syntax error: ');
});

test('a missing config says how to get one', async () => {
  rmSync(project.configFile);
  for (const command of ['run', 'up'])
    expectMessage(await inProject(command), 2, `error: no touchtrail.config.ts in ${project.folder}: run \`touchtrail init\``);
});

test('a missing SQL file is named with its place in the config', async () => {
  rmSync(join(project.folder, 'lead.sql'));
  expectMessage(await inProject('run'), 2, `conversions[0].sql: "lead.sql": no such file: ${join(project.folder, 'lead.sql')}`);
});

test('a column that the SQL of a conversion takes from nowhere is named with its line', async () => {
  edit('lead.sql', 'created_at as created', 'creatd_at as created');
  expectMessage(
    await inProject('run', '--quiet'),
    1,
    'error: step "conversions" failed: ',
    join(project.folder, 'lead.sql'),
    'creatd_at',
    '| select lead_id as id, creatd_at as created',
  );
});

test('a column that a conversion must have and its SQL does not return is named', async () => {
  edit('lead.sql', 'created_at as created', 'created_at as creation');
  expectMessage(await inProject('run', '--quiet'), 1, join(project.folder, 'lead.sql'), 'column "created" is missing');
});

test('unknown commands and options get the nearest valid one', async () => {
  expectMessage(await inProject('rnu'), 2, "unknown command 'rnu'", 'Did you mean run?');
  expectMessage(await inProject('run', '--jsn'), 2, "unknown option '--jsn'", 'Did you mean --json?');
  expectMessage(await inProject('up', '--port', 'eighty'), 2, "'eighty' is invalid. expected a number from 0 to 65535");
});

test('a port that is taken is named with what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  try {
    expectMessage(await inProject('up', '--port', String(port)), 1, `error: Port ${port} on 127.0.0.1 is already in use`, '--port');
  } finally {
    other.close();
  }
});

test('a corrupt landing segment is kept aside and named, the rest is loaded', async () => {
  const corrupt = land(project, 'broken', [visit('m7', 'visitor-d', '2026-03-04T10:00:00.000Z', {})]);
  appendFileSync(corrupt, '{"event": {"write_key_id": 5\nnot even JSON\n');
  const result = await inProject('run', '--json');
  expect(result.code).toBe(0);
  const { warnings } = JSON.parse(result.stdout) as { warnings: string[] };
  // The company's learned models have too little data in a project of a few visits, and say so.
  const [first, ...others] = warnings;
  expect(first).toContain('broken.ndjson is corrupt');
  expect(first).toContain('line 3: ');
  expect(others.filter((one) => !/^model (?:markov|visit_scoring), conversion \w+, .*: too little/.test(one))).toEqual([]);
  expect(result.stderr).toContain('broken.ndjson is corrupt');
  expect(readdirSync(join(project.dataFolder, 'landing', 'corrupt'))).toEqual(['broken.ndjson']);
  const loaded = await touchtrailJson<{ message_id: string }[]>(['query', 'select message_id from events order by message_id'], {
    cwd: project.folder,
  });
  expect(loaded.map((row) => row.message_id)).toEqual(['m1', 'm2', 'm3', 'm7']);
});

test('a second up on the same data folder is told who runs', async () => {
  const up = await startUp([], { cwd: project.folder });
  try {
    expectMessage(
      await inProject('up', '--port', '0'),
      1,
      `error: touchtrail up is already running for ${project.dataFolder}: ${up.url}, process ${up.process.pid}`,
    );
    const bad = await inProject('run', '--config', 'nowhere.ts', '--quiet');
    expectMessage(bad, 2, `error: no config file ${join(project.folder, 'nowhere.ts')}`);
  } finally {
    await up.stop();
  }
});

test('readers without a publication are told what to do', async () => {
  const data = join(project.folder, 'data');
  expectMessage(await inProject('report'), 1, `error: no publication yet in ${data}`);
});
