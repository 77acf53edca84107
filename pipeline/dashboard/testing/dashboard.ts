import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Hono } from 'hono';
import type { Publication } from '../../query/publication.ts';
import { createReader } from '../../query/reader.ts';
import { publish } from '../../query/testing/publish.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';
import { createDashboard } from '../app.ts';

/** A dashboard of a hand-made publication, asked without a network. */
export interface TestDashboard {
  readonly app: Hono;
  readonly dataFolder: string;
  /** What it logged: errors that are not the reader's. */
  readonly logged: readonly string[];
  /** The body of an answer. @throws Error for any status but the expected one. */
  readonly get: (address: string, status?: number) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** @param changes what the publication says of itself, where that is not the one of query/testing/world.ts. */
export async function openDashboard(
  tables: readonly (readonly [TableDefinition, readonly Row[]])[],
  changes: Partial<Publication> = {},
): Promise<TestDashboard> {
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'touchtrail-dashboard-'));
  await publish(dataFolder, tables, changes);
  const reader = createReader(dataFolder);
  const logged: string[] = [];
  const app = createDashboard({
    dataFolder,
    reader,
    now: () => new Date('2026-04-01T09:00:00Z'),
    hosts: ['localhost'],
    log: (line) => logged.push(line),
  });
  return {
    app,
    dataFolder,
    logged,
    async get(address, status = 200) {
      const answer = await app.request(address);
      const body = await answer.text();
      if (answer.status !== status)
        throw new Error(`${address} answered ${answer.status}, not ${status}: ${textOf(body)}\n${logged.join('\n')}`);
      return body;
    },
    async close() {
      await reader.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** What a reader sees of markup: text with single spaces. */
export function textOf(markup: string): string {
  return markup
    .replaceAll(/<(?:style|script)\b.*?<\/(?:style|script)>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The rows of the first table, head, body and foot, each cell as text. */
export function rowsOf(markup: string): string[][] {
  const [, table = ''] = /<table>(.*?)<\/table>/s.exec(markup) ?? [];
  return [...table.matchAll(/<tr\b.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<t[hd]\b[^>]*>.*?<\/t[hd]>/gs)].map(([cell]) => textOf(cell)),
  );
}

/** Where the links lead whose text this is. */
export function linksOf(markup: string, text: string): string[] {
  return [...markup.matchAll(/<a\b[^>]*href="([^"]*)"[^>]*>(.*?)<\/a\s*>/gs)]
    .filter(([, , content]) => textOf(content!) === text)
    .map(([, href]) => href!.replaceAll('&amp;', '&'));
}
