import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import Interleaved from './test/setup/interleaved.ts';

// The tests start the command line hundreds of times: Node keeps what it has compiled of it, which halves the time of a start.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules', '.cache', 'node-compile');

/** Tests that start servers, browsers or whole nights: they wait more than the others. */
const system = ['test/{e2e,clients,faults,docs,package}/**/*.test.ts'];
/** Tests that run inside workerd, beside the Worker. */
const workerd = ['test/workerd/**/*.test.ts'];
/** Files at a time: one more than the cores, because while one waits for a server, a browser or the disk, others work. */
const maxWorkers = availableParallelism() + 1;
const exclude = ['**/node_modules/**', 'dist/**'];

export default defineConfig({
  test: {
    reporters: ['default', './test/setup/closing-line.ts'],
    sequence: { sequencer: Interleaved },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{tracker,edge,pipeline,examples,test}/**/*.test.ts'],
          exclude: [...exclude, ...system, ...workerd],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'system',
          include: system,
          exclude,
          globalSetup: './test/setup/build-assets.ts',
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers,
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
          maxWorkers,
        },
      },
    ],
  },
});
