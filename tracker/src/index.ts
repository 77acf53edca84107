import type { Touchtrail } from './api.ts';
import type { Extension, ExtensionName } from './extension.ts';
import { type Options, readOptions } from './options.ts';
import { start } from './start.ts';

declare global {
  interface Window {
    /** Before the script has loaded: an array of calls, `['track', 'Signed Up']`. */
    touchtrail?: Touchtrail | unknown[][];
  }
}

const script = document.currentScript as HTMLScriptElement | null;
const options = script && readOptions(script);

/** The extension beside the script: `/t/t.js` has `/t/t.links.js`. The nonce of the page's policy holds for it, too. */
const load = (name: ExtensionName) => import(script!.src.replace(/(\.js)?(\?.*)?$/, `.${name}.js`)) as Promise<{ default: Extension }>;

const run = () => {
  const page = self as unknown as Record<string, unknown>;
  const name = options!.global ?? 'touchtrail';
  const stub = page[name] as Partial<Touchtrail> | undefined;
  // A second script tag, from a tag manager say, changes nothing.
  if (stub?.initialized) return;
  // An element of that id is no stub.
  const calls: unknown[][] = Array.isArray(stub) ? stub : [];
  page[name] = start(options as Options, calls, load);
};

if (!options?.writeKey) console.warn('touchtrail: no write key');
// A page that is only prepared has no visitor yet.
else if ((document as { prerendering?: boolean }).prerendering) document.addEventListener('prerenderingchange', run);
else run();
