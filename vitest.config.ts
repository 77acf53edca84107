import { defineConfig } from 'vitest/config';

/** Tests that start servers, browsers or whole nights; they run one file at a time, after the others. */
const system = ['test/{e2e,faults,package,docs}/**/*.test.ts'];
const exclude = ['**/node_modules/**', 'dist/**'];

export default defineConfig({
  test: {
    reporters: ['default', './test/setup/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{tracker,edge,pipeline,examples,test}/**/*.test.ts'],
          exclude: [...exclude, ...system],
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
    ],
  },
});
