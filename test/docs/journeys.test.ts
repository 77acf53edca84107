import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerConversions } from '../../pipeline/cli/commands/conversions.ts';
import { registerJourney } from '../../pipeline/cli/commands/journey.ts';
import { bothFiles } from '../../pipeline/cli/commands/testing/parquet.ts';
import { run } from '../../pipeline/cli/commands/testing/run-command.ts';
import { REPORT_ADS } from '../../pipeline/models/costs/tables.ts';
import { USER_IDENTITIES } from '../../pipeline/models/identity/tables.ts';
import { REPORT_OTHER_COSTS } from '../../pipeline/models/reports/tables.ts';
import { JOURNEY_TABLES } from '../../pipeline/query/testing/journey-world.ts';
import { publish } from '../../pipeline/query/testing/publish.ts';
import { REPORT_TABLES } from '../../pipeline/query/testing/world.ts';
import { codeBlocks, tableOf } from './markdown.ts';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'journeys.md'), 'utf8');
const blocks = await codeBlocks('journeys.md');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-journeys-'));
  const seen = '2026-01-05T09:04:00.000000Z';
  const user = { person_id: 'a1', key_name: 'user_id', key_value: 'u1', first_seen: seen, last_seen: seen };
  const journeys = JOURNEY_TABLES.map(([table, rows]) => [table, table === USER_IDENTITIES ? [...rows, user] : rows] as const);
  const given = [...REPORT_TABLES, ...journeys];
  const empty = [REPORT_ADS, REPORT_OTHER_COSTS].filter((table) => given.every(([one]) => one !== table));
  await publish(folder, [...given, ...empty.map((table) => [table, []] as const)]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const commands = { conversions: registerConversions, journey: registerJourney };

/** What a command of the page prints. */
async function printed(command: string): Promise<string[]> {
  const args = [...command.matchAll(/"([^"]+)"|(\S+)/g)].map((match) => match[1] ?? match[2]!);
  const { stdout } = await run(commands[args[0] as keyof typeof commands], folder, args);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}

test.each([...blocks].filter(([info]) => info.startsWith('console ')))('%s is what the page says', async (_, block) => {
  const [first, ...shown] = block.trimEnd().split('\n');
  expect(await printed(first!.replace('$ touchtrail ', ''))).toEqual(shown);
});

test.each([
  [['journey', '--conversion', 'closed_won/D1'], registerJourney],
  [['conversions', 'list', 'closed_won', '--model', 'linear'], registerConversions],
])('%j as a Parquet file holds what the CSV does', async (args, register) => {
  const { csv, parquet } = await bothFiles(register, folder, args);
  expect(csv.split('\r\n').length).toBeGreaterThan(2);
  expect(parquet).toBe(csv);
});

test.each(tableOf(page, 'Option | Whose journey').map(([option]) => [option!]))('journey %s finds her', async (option) => {
  const lines = await printed(`journey ${option}`);
  expect(lines[0]).toBe('Fernhill · Journey of person a1');
});
