import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

// The tests start the command line hundreds of times: Node keeps what it has compiled of it, which halves the time of a start.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules', '.cache', 'node-compile');

/** Tests that start servers, browsers or whole nights: they wait more than the others. */
const system = ['test/{e2e,clients,faults,docs}/**/*.test.ts'];
/** Tests that build the package in the folder of the project itself: one at a time, and nothing beside them. */
const alone = ['test/package/**/*.test.ts'];
/** Tests that run inside workerd, beside the Worker. */
const workerd = ['test/workerd/**/*.test.ts'];
/** Files at a time: one more than the cores, because while one waits for a server, a browser or the disk, others work. */
const maxWorkers = availableParallelism() + 1;
const exclude = ['**/node_modules/**', 'dist/**'];

export default defineConfig({
  test: {
    reporters: ['default', './test/setup/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{tracker,edge,pipeline,examples,test}/**/*.test.ts'],
          exclude: [...exclude, ...system, ...alone, ...workerd],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'system',
          include: system,
          exclude: [...exclude, ...alone],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          exclude,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // The bindings are those of the staging environment; only its queues are simulated here.
        plugins: [cloudflareTest({ main: './edge/worker.ts', wrangler: { configPath: './wrangler.toml', environment: 'staging' } })],
        test: {
          name: 'workerd',
          include: workerd,
          exclude,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
