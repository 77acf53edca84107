import { readFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The rooms from the lowest to the highest: a file imports from its own room and from lower levels, never upwards or sideways. */
const LEVELS: readonly (readonly string[])[] = [
  ['edge/contract'],
  ['tracker', 'edge', 'pipeline/config'],
  ['pipeline/warehouse'],
  ['pipeline/models'],
  ['pipeline/sources', 'pipeline/embedded', 'pipeline/deployed'],
  ['pipeline/privacy'],
  ['pipeline/query', 'pipeline/night', 'pipeline/import'],
  ['pipeline/doctor', 'pipeline/dashboard', 'pipeline/mcp'],
  ['pipeline/cli'],
  // The package's face.
  ['pipeline'],
];

const roomsByLength = LEVELS.flat().toSorted((a, b) => b.length - a.length);
const roomOf = (file: string) => roomsByLength.find((room) => file.startsWith(`${room}/`));
const levelOf = (room: string) => LEVELS.findIndex((rooms) => rooms.includes(room));
const isTest = (file: string) => /\.test\.ts$|\/testing\//.test(file);

const files = globSync('{tracker,edge,pipeline}/**/*.ts', { cwd: root }).filter((file) => !isTest(file));

test('every file imports from its own room or a lower one', async () => {
  expect(files.length).toBeGreaterThan(100);
  const upward = await Promise.all(files.map(async (file) => wrongImports(file, await readFile(join(root, file), 'utf8'))));
  expect(upward.flat()).toEqual([]);
});

function wrongImports(file: string, text: string): string[] {
  const room = roomOf(file)!;
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map(([, specifier]) => normalize(join(dirname(file), specifier!)))
    .filter((target) => {
      const other = roomOf(target);
      return other === undefined || (other !== room && levelOf(other) >= levelOf(room));
    })
    .map((target) => `${file} → ${target}`);
}
