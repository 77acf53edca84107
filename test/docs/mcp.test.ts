import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProgram } from '../../pipeline/cli/main.ts';
import { ROWS_IN_WORDS } from '../../pipeline/mcp/markdown.ts';
import { MOST_ROWS, MOST_ROWS_OF_ALL, PAGED } from '../../pipeline/mcp/page.ts';
import { ask, servedStory } from '../../pipeline/mcp/testing/published.ts';
import { TOOLS } from '../../pipeline/mcp/tools/index.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'mcp.md'), 'utf8');
const blocks = await codeBlocks('mcp.md');
const json = (name: string) => JSON.parse(blockOf(blocks, `json ${name}`)) as Record<string, unknown>;

const { client } = await servedStory();

test('the example is answered as the page says', async () => {
  const { structured, text } = await ask(client, 'get_report_table', json('example'));
  expect(`${text}\n`).toBe(blockOf(blocks, 'markdown example'));
  expect(structured.rows[0]).toEqual(json('row'));
  expect(structured.meta).toEqual(json('meta'));
});

test('the error is the one of the page', async () => {
  await expect(ask(client, 'get_report_table', json('error'))).rejects.toThrow(blockOf(blocks, 'text error').trimEnd());
});

test('the page names every tool, resource and prompt', async () => {
  expect(tableOf(page, 'Tool | Answers').map(([name]) => name)).toEqual(TOOLS.map(({ name }) => name));
  for (const { uri } of (await client.listResources()).resources) expect(page).toContain(`\`${uri}\``);
  for (const { name } of (await client.listPrompts()).prompts) expect(page).toContain(`\`${name}\``);
});

test('the limits are those of the tools', () => {
  const limits = Object.fromEntries(tableOf(page, 'Limit | How much').map(([name, limit]) => [name!, limit!]));
  expect(limits['Rows of a page']).toBe(`${PAGED.limit.parse(undefined)}, at most ${MOST_ROWS} (limit)`);
  expect(limits['Rows of a question']).toContain(`${MOST_ROWS_OF_ALL.toLocaleString('en')};`);
  expect(limits['Rows in words']).toContain(`${ROWS_IN_WORDS};`);
});

test('what starts the server is a command with options that there are', async () => {
  const { mcpServers } = json('stdio') as { mcpServers: { touchtrail: { command: string; args: string[] } } };
  const { command, args } = mcpServers.touchtrail;
  const code = blockOf(blocks, 'sh claude-code').trim();
  expect(code).toBe(`claude mcp add touchtrail -- ${command} ${args.join(' ')}`);
  const [package_, name, ...options] = args;
  const program = await createProgram();
  expect([package_, program.commands.map((one) => one.name())]).toEqual(['touchtrail', expect.arrayContaining([name])]);
  const known = program.options.map(({ long }) => long);
  expect(known).toEqual(expect.arrayContaining(options.filter((option) => option.startsWith('--'))));
});
