/** Writes the CRM and cost files of the example company: `node test/simulator/write-example.ts`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exportFiles } from './exports.ts';
import { simulate } from './simulate.ts';

const folder = join(import.meta.dirname, '../../examples/fernhill');
for (const [path, text] of exportFiles(simulate())) {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  console.error(`wrote ${path}: ${text.length} bytes`);
}
