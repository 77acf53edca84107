import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** The code blocks of a page in the folder docs, by what stands behind the opening fence: the language, and a name where it has one. */
export async function codeBlocks(page: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(root, 'docs', page), 'utf8');
  const blocks = new Map<string, string>();
  for (const [, indent, info, code] of text.matchAll(/^( *)```([^\n]+)\n([\s\S]*?)^\1```$/gm)) {
    if (blocks.has(info!)) throw new Error(`docs/${page} has two blocks "${info}": a test would run only one`);
    blocks.set(info!, code!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
  }
  return blocks;
}

/** The block of that name. @throws Error where the page has none. */
export function blockOf(blocks: ReadonlyMap<string, string>, info: string): string {
  const code = blocks.get(info);
  if (code === undefined) throw new Error(`there is no block "${info}"; the page has ${[...blocks.keys()].join(', ')}`);
  return code;
}

/** The rows of the table of a page whose header begins with these cells; cells without backquotes. @throws Error where there is none. */
export function tableOf(page: string, header: string): string[][] {
  const start = page.indexOf(`\n| ${header} |`);
  if (start === -1) throw new Error(`there is no table that begins with "${header}"`);
  const lines = page.slice(start + 1).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}
