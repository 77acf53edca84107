import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const PACKAGES = join(import.meta.dirname, '..', 'node_modules');

/** Other trackers, with the file of each package that a browser loads. */
const SHIPPED = {
  '@plausible-analytics/tracker': 'plausible.js',
  'ahoy.js': 'dist/ahoy.min.js',
  '@openpanel/web': 'dist/src/tracker.global.js',
  sourcebuster: 'dist/sourcebuster.min.js',
  '@snowplow/browser-tracker': 'dist/index.umd.min.js',
  '@segment/analytics-next': 'dist/umd/standalone.js',
  'mixpanel-browser': 'dist/mixpanel.min.js',
} as const;

export type Peer = keyof typeof SHIPPED;
export const PEERS = Object.keys(SHIPPED) as Peer[];

export function shippedFile(peer: Peer): Buffer {
  return readFileSync(join(PACKAGES, peer, SHIPPED[peer]));
}

/** Name and version as installed. */
export function nameOf(peer: Peer): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGES, peer, 'package.json'), 'utf8')) as { version: string };
  return `${peer} ${version}`;
}

/** What a site writes to use Plausible's package, as its documentation asks for. */
const PLAUSIBLE_ENTRY =
  "import { init } from '@plausible-analytics/tracker'; init({ domain: 'www.shop.example', endpoint: '/api/event' });";

/** Plausible's package is an ES module for bundlers: here bundled and minified as a site would do it. It sends to /api/event. */
export async function plausibleScript(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: PLAUSIBLE_ENTRY, resolveDir: PACKAGES },
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2021',
    write: false,
  });
  return outputFiles[0]!.text;
}

/** A file of Segment's bundle folder, which its script loads on demand from its CDN; undefined where there is none. */
export function segmentChunk(file: string): Buffer | undefined {
  return /^[\w.-]+\.js$/.test(file) ? readFileSync(join(PACKAGES, '@segment/analytics-next/dist/umd', file)) : undefined;
}

/**
 * What a page with Segment holds beside the script: the queue for calls made before it has loaded, the write key and the
 * place of the CDN, as its snippet leaves them; and the first page view.
 */
export function segmentStub(writeKey: string): string {
  const methods = ['track', 'page', 'identify', 'group', 'alias', 'reset', 'ready', 'on', 'once', 'off', 'setAnonymousId'];
  return `(function () {
    var queue = (window.analytics = []);
    queue.invoked = true;
    ${JSON.stringify(methods)}.forEach(function (name) {
      queue[name] = function () { queue.push([name].concat([].slice.call(arguments))); return queue; };
    });
    queue._writeKey = ${JSON.stringify(writeKey)};
    queue._cdn = location.origin;
    queue._loadOptions = {};
    queue.page();
  })();`;
}
