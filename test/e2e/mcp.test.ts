import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, publishStory, type PublishedStory } from '../../pipeline/mcp/testing/published.ts';

const program = join(import.meta.dirname, '..', '..', 'pipeline', 'cli', 'touchtrail.mjs');

let story: PublishedStory;
let folder: string;
beforeAll(async () => {
  story = await publishStory();
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-mcp-config-'));
  await writeFile(
    join(folder, 'touchtrail.config.mjs'),
    `console.log('said by the config');
    export default {
      project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
      conversions: [{ name: 'lead', label: 'Lead', kind: 'event', event: 'Lead' }],
      funnel: ['lead'],
    };`,
  );
});
afterAll(async () => {
  await story.close();
  await rm(folder, { recursive: true, force: true });
});

test('an assistant starts the server, asks it, and ends it', async () => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program, 'mcp', '--data', story.folder],
    cwd: folder,
    stderr: 'ignore',
  });
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(transport);
  expect(client.getServerVersion()).toMatchObject({ name: 'touchtrail', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  expect(client.getInstructions()).toContain('"(not attributed)" means that nobody knows');
  const { structured } = await ask(client, 'get_report_table', { period: 'all', metrics: ['sessions'] });
  expect(structured.totals).toEqual({ figures: { sessions: 5 } });
  await client.close();
});

test('stdout is the protocol alone, and the end of stdin ends the process', async () => {
  const child = spawn(process.execPath, [program, 'mcp', '--data', story.folder], { cwd: folder, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const answered = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('"id":2')) resolve();
    });
  });
  const ended = once(child, 'exit');
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'test', version: '1.0.0' };
  send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } });
  send({ method: 'notifications/initialized' });
  send({ id: 2, method: 'tools/call', params: { name: 'list_conversions', arguments: {} } });
  await Promise.race([answered, ended]);
  child.stdin.end();
  const [code] = (await ended) as [number | null];
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'said by the config\n' });
  const messages = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number; result: object });
  expect(messages.map(({ id }) => id)).toEqual([1, 2]);
  expect(messages[1]!.result).toMatchObject({ structuredContent: { rows: [{ name: 'lead', kind: 'event', conversions: 2 }] } });
});
