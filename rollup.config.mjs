import { readFile } from 'node:fs/promises';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import esbuild from 'rollup-plugin-esbuild';

const trackerFile = 'dist/tracker/t.js';

const typescript = (target, options) => esbuild({ target, tsconfig: false, sourceMap: false, ...options });

/** Hands the Worker the bundled tracker as text, as the rule in wrangler.toml does. */
const trackerAsText = {
  name: 'tracker-as-text',
  resolveId: (source) => (source.endsWith('/tracker/t.js') ? { id: new URL(trackerFile, import.meta.url).pathname } : null),
  load: async (id) => (id.endsWith(trackerFile) ? `export default ${JSON.stringify(await readFile(id, 'utf8'))};` : null),
};

/** The script a website embeds: one file without dependencies, for browsers of 2021 and later. */
export const tracker = {
  input: 'tracker/src/index.ts',
  plugins: [
    nodeResolve({ extensions: ['.ts', '.mjs', '.js'] }),
    typescript('es2021'),
    terser({ ecma: 2020, compress: { passes: 3, unsafe_arrows: true }, mangle: true, format: { comments: false } }),
  ],
  output: { file: trackerFile, format: 'iife' },
};

/** The ingestion Worker with the tracker inside: what the embedded runtime loads. */
export const worker = {
  input: 'edge/worker.ts',
  plugins: [
    trackerAsText,
    nodeResolve({ extensions: ['.ts', '.mjs', '.js'], exportConditions: ['workerd', 'worker'] }),
    typescript('es2022', { minify: true }),
  ],
  onwarn: (warning, warn) => {
    // zod's modules import each other; nothing of ours does.
    if (warning.code !== 'CIRCULAR_DEPENDENCY' && warning.code !== 'INVALID_ANNOTATION') warn(warning);
  },
  output: { file: 'dist/edge/worker.js', format: 'es' },
};

// In this order: the Worker contains the tracker.
export default [tracker, worker];
