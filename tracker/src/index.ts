import type { Touchtrail } from './api.ts';
import { readConfig } from './config.ts';
import { start } from './start.ts';

declare global {
  interface Window {
    /** Before the script has loaded: an array of calls, `['track', 'Signed Up']`. */
    touchtrail?: Touchtrail | unknown[][];
  }
}

const stub = window.touchtrail ?? [];
// A second script tag, from a tag manager say, changes nothing.
if (Array.isArray(stub)) {
  const config = readConfig(document.currentScript as HTMLScriptElement);
  if (config) window.touchtrail = start(config, stub);
  else console.warn('touchtrail: the script tag needs data-write-key');
}
