import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** Tests that start servers, browsers or whole nights; they run one file at a time, after the others. */
const system = ['test/{e2e,clients,faults,package,docs}/**/*.test.ts'];
/** Tests that run inside workerd, beside the Worker. */
const workerd = ['test/workerd/**/*.test.ts'];
const exclude = ['**/node_modules/**', 'dist/**'];

export default defineConfig({
  test: {
    reporters: ['default', './test/setup/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{tracker,edge,pipeline,examples,test}/**/*.test.ts'],
          exclude: [...exclude, ...system, ...workerd],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'system',
          include: system,
          exclude,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
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
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
