import { sha256Hex } from './contract/sha256.ts';

/** One file as it is served. */
export interface ScriptFile {
  readonly text: string;
  /** Quoted, as it stands in the header. */
  readonly etag: string;
}

/** The static assets of the Worker, among which the built scripts are. */
export interface Assets {
  fetch(url: string): Promise<Pick<Response, 'ok' | 'text'>>;
}

/** The name the scripts are built under; blockers may know it, so that a site can have another. */
const BUILT_NAME = 't';
/** What the built scripts are called: `t.js` and `t.<extension>.js`. */
const BUILT_FILE = /^t(\.[a-z-]+)?\.js$/;

/** Finds the scripts of the website by the file name they are asked for. Each is read once in the life of an isolate. */
export function createScriptFiles() {
  const known = new Map<string, ScriptFile>();
  /**
   * @param asked such as `app.links.js`.
   * @param name what the site calls the script, `app`: then `app.links.js` is the built `t.links.js`.
   */
  return async (assets: Assets | undefined, asked: string, name: string = BUILT_NAME): Promise<ScriptFile | undefined> => {
    const built = asked.startsWith(`${name}.`) ? BUILT_NAME + asked.slice(name.length) : '';
    if (!assets || !BUILT_FILE.test(built)) return undefined;
    const found = known.get(built);
    if (found) return found;
    const response = await assets.fetch(`https://assets.invalid/${built}`);
    if (!response.ok) return undefined;
    const text = await response.text();
    const file = { text, etag: `"${sha256Hex(text).slice(0, 32)}"` };
    known.set(built, file);
    return file;
  };
}

/** Whether the list of an `If-None-Match` header names the tag (RFC 9110 §13.1.2, weak comparison). */
export function isKnownTag(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}

/** Fewer digits of a tag than these could be the site's own number of a version, which it may forget to change. */
const NAMES_THE_TEXT = /^[0-9a-f]{8,32}$/;

/**
 * How long a script may be kept: for an hour; for good where the address asks for this very text, `t.js?v=` and the beginning of
 * its tag.
 */
export function cacheControl({ etag }: ScriptFile, version = ''): string {
  return NAMES_THE_TEXT.test(version) && etag.startsWith(`"${version}`)
    ? 'public, max-age=31536000, immutable'
    : 'public, max-age=3600, stale-while-revalidate=86400';
}

/** The compression that a client takes, by its `Accept-Encoding` (RFC 9110 §12.5.3): the better one, unless it refuses it with q=0. */
export function acceptedEncoding(accepted = ''): 'br' | 'gzip' | undefined {
  const taken = accepted
    .split(',')
    .map((one) => one.split(';'))
    .flatMap(([name, weight]) => (Number(weight?.split('=')[1] ?? 1) > 0 ? [name!.trim()] : []));
  return (['br', 'gzip'] as const).find((encoding) => taken.includes(encoding));
}
