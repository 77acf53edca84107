import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { command } from '../cli.ts';
import { blockOf } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');

/** A folder in which the blocks of a page run as programs of a site. */
export interface ServerProject {
  readonly folder: string;
  /** Writes a block to a file. @returns its path. */
  fileOf(info: string): Promise<string>;
  /** Starts the program of a block on a port that is free. @returns its address, without a slash at the end. */
  start(info: string): Promise<string>;
  /** What a program prints that imports the module of a block as `it`. @param code what stands behind that import. */
  run(info: string, code: string): Promise<string>;
  /** Ends what was started, and removes the folder. */
  remove(): Promise<void>;
}

/** @param environment of the programs. */
export async function createServerProject(
  blocks: ReadonlyMap<string, string>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ServerProject> {
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-server-'));
  const running: ChildProcess[] = [];
  const packages = join(folder, 'node_modules');
  await mkdir(join(packages, 'touchtrail'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  // `touchtrail/server` is the source of this checkout.
  const faces = { './server': './server/index.ts', '.': './pipeline/index.ts' };
  await writeFile(join(packages, 'touchtrail', 'package.json'), JSON.stringify({ type: 'module', exports: faces }));
  await symlink(join(root, 'tracker', 'server'), join(packages, 'touchtrail', 'server'));
  await symlink(join(root, 'pipeline'), join(packages, 'touchtrail', 'pipeline'));
  await symlink(join(root, 'test', 'node_modules', 'express'), join(packages, 'express'));
  await symlink(join(root, 'node_modules', 'hono'), join(packages, 'hono'));

  const write = async (info: string, code: string) => {
    const file = join(folder, `${info.replace(' ', '-')}.ts`);
    await writeFile(file, code);
    return file;
  };
  return {
    folder,
    fileOf: async (info) => await write(info, blockOf(blocks, info)),
    async start(info) {
      const code = blockOf(blocks, info);
      expect(code).toContain('app.listen(3000);');
      const listening = "const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));";
      const file = await write(info, code.replace('app.listen(3000);', listening));
      const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], env: environment });
      running.push(child);
      return await new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).once('line', (port) => resolve(`http://127.0.0.1:${port}`));
        child.once('exit', (exit) => reject(new Error(`the program of "${info}" ended with ${exit}`)));
      });
    },
    async run(info, code) {
      const file = join(folder, `run-${info.replace(' ', '-')}.ts`);
      await writeFile(file, `import * as it from '${await write(info, blockOf(blocks, info))}';\n${code}\n`);
      const { code: exit, stdout, stderr } = await command(process.execPath, [file], { env: environment });
      if (exit !== 0) throw new Error(`the program of "${info}" ended with ${exit}:\n${stderr}`);
      return stdout.trim();
    },
    async remove() {
      for (const child of running) {
        if (child.exitCode !== null) continue;
        child.kill();
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
