import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{tracker,edge,pipeline,examples,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
