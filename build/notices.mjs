/**
 * Writes `dist/edge/NOTICES.txt`: the licences of the packages whose code is bundled into the Worker. They ask for it
 * wherever their code goes. Runs in the folder of the sources, as a part of `npm run build`.
 */
import { globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const imported = new Set(
  globSync('edge/**/*.ts', { exclude: ['**/*.test.ts'] }).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^import (?!type ).* from '((?:@[\w.-]+\/)?[a-z][\w.-]*)/gm)].map(([, name]) => name),
  ),
);

const notices = [...imported]
  .toSorted((a, b) => (a < b ? -1 : 1))
  .map((name) => {
    const folder = join('node_modules', name);
    const { version, license, dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (Object.keys(dependencies).length > 0)
      throw new Error(`${name} brings packages of its own into the bundle: name their licences, too`);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
    if (file === undefined) throw new Error(`${folder} has no licence file`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });

mkdirSync('dist/edge', { recursive: true });
writeFileSync('dist/edge/NOTICES.txt', ['worker.js contains code of these packages.\n', ...notices].join(`\n${'-'.repeat(80)}\n\n`));
