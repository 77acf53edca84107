import { existsSync, readdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import esbuild from 'rollup-plugin-esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const trackerFolder = at('dist/tracker');

const typescript = (target, options) => esbuild({ target, tsconfig: false, sourceMap: false, ...options });

/** The finished scripts of the website, by file name. They are put beside the Worker from here: several builds may replace the files at once. */
const scripts = new Map();
const collectScript = {
  name: 'collect-script',
  generateBundle: (_, bundle) => {
    for (const { fileName, code } of Object.values(bundle)) scripts.set(fileName, code);
  },
};

/** One word for every declaration compresses better; the type checker has seen to the constants. */
const letForConst = {
  name: 'let-for-const',
  renderChunk: (code) => ({ code: code.replace(/^(\s*(?:for \()?)const /gm, '$1let '), map: null }),
};

/**
 * Short names for the members of `Core` (tracker/src/extension.ts), by which the script and its extensions know each other. They
 * stay: a browser may hold an older script than extension. The words mean nothing else in the scripts.
 */
const SHORT_NAMES = {
  formValues: '$f',
  outgoing: '$o',
  onFill: '$p',
  noteAddress: '$n',
  hasChosen: '$h',
  mayStore: '$m',
  decide: '$d',
  enqueue: '$e',
  watch: '$w',
  look: '$l',
};
const shortNames = {
  name: 'short-names',
  renderChunk: (code) => ({
    code: code.replace(RegExp(`\\b(${Object.keys(SHORT_NAMES).join('|')})\\b`, 'g'), (word) => SHORT_NAMES[word]),
    map: null,
  }),
};

/**
 * Nearly all of the script runs while a page loads: Chrome (136 and later) then compiles it as a whole, off the main thread, instead
 * of function by function on it; to others it is a comment. Source: https://v8.dev/blog/explicit-compile-hints
 */
const COMPILE_HINT = '//# allFunctionsCalledOnLoad';

/** A script for browsers of 2021 and later: one file, with everything it uses inside, as small as it compresses. */
const script = (input, name, format) => ({
  input: at(input),
  plugins: [
    nodeResolve({ extensions: ['.ts', '.mjs', '.js'] }),
    typescript('es2021'),
    letForConst,
    shortNames,
    terser({
      ecma: 2020,
      module: format === 'es',
      compress: {
        passes: 2,
        hoist_funs: true,
        unsafe: true,
        unsafe_arrows: true,
        unsafe_methods: true,
        // What the core sends holds no flag of its own; what extensions send may.
        booleans_as_integers: format === 'iife',
      },
      mangle: true,
      format: { comments: false, preamble: format === 'iife' ? COMPILE_HINT : undefined },
    }),
    collectScript,
  ],
  output: { file: join(trackerFolder, `${name}.js`), format, strict: false },
});

/** The script a website embeds. */
export const tracker = script('tracker/src/index.ts', 't', 'iife');

const extensionFolder = at('tracker/src/extensions');
const extensionFiles = existsSync(extensionFolder) ? readdirSync(extensionFolder).filter((file) => /^[\w-]+\.ts$/.test(file)) : [];

/** What the script loads by `import()` where a page needs it, from beside itself. */
export const extensions = extensionFiles
  .toSorted()
  .map((file) => script(`tracker/src/extensions/${file}`, `t.${basename(file, '.ts')}`, 'es'));

const moduleFolder = at('dist/tracker/module');

/** The tracker for bundlers, `touchtrail/tracker`: each extension is a file that is loaded where the page needs it. */
export const trackerModule = {
  input: { index: at('tracker/src/module.ts') },
  plugins: [nodeResolve({ extensions: ['.ts', '.mjs', '.js'] }), typescript('es2021')],
  output: { dir: moduleFolder, format: 'es', chunkFileNames: '[name].js' },
};

const assetsFolder = at('dist/edge/assets');
/** The scripts beside the Worker: the static assets that it serves, in a folder that holds nothing else. */
const scriptsForWorker = {
  name: 'scripts-for-worker',
  buildStart: async () => {
    // Scripts that earlier builds left would go into the package.
    for (const folder of [trackerFolder, assetsFolder]) {
      for (const file of await readdir(folder).catch(() => [])) {
        if (file.endsWith('.js') && !scripts.has(file)) await rm(join(folder, file), { force: true });
      }
    }
  },
  generateBundle() {
    if (!scripts.has('t.js')) throw new Error('the scripts come before the Worker that serves them');
    for (const [file, source] of scripts) this.emitFile({ type: 'asset', fileName: `${basename(assetsFolder)}/${file}`, source });
  },
};

/** The ingestion Worker, with the scripts beside it: what the embedded runtime loads. */
export const worker = {
  input: at('edge/worker.ts'),
  plugins: [
    scriptsForWorker,
    nodeResolve({ extensions: ['.ts', '.mjs', '.js'], exportConditions: ['workerd', 'worker'] }),
    typescript('es2022', { minify: true }),
  ],
  onwarn: (warning, warn) => {
    // zod's modules import each other; nothing of ours does.
    if (warning.code !== 'CIRCULAR_DEPENDENCY' && warning.code !== 'INVALID_ANNOTATION') warn(warning);
  },
  output: { file: at('dist/edge/worker.js'), format: 'es' },
};

// In this order: the scripts are put beside the Worker.
export default [tracker, ...extensions, trackerModule, worker];
