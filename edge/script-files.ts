import { sha256Hex } from './contract/sha256.ts';

/** One file as it is served. */
export interface ScriptFile {
  readonly text: string;
  /** Quoted, as it stands in the header. */
  readonly etag: string;
}

/** The name the scripts are built under; blockers may know it, so that a site can have another. */
const BUILT_NAME = 't';

/**
 * Finds the scripts of the website by the file name they are asked for.
 * @param scripts texts by built name: `t.js` and `t.<extension>.js`.
 */
export function createScriptFiles(scripts: Readonly<Record<string, string>>) {
  const tags = new Map<string, string>();
  /**
   * @param asked such as `app.links.js`.
   * @param name what the site calls the script, `app`: then `app.links.js` is the built `t.links.js`.
   */
  return (asked: string, name: string = BUILT_NAME): ScriptFile | undefined => {
    if (!asked.startsWith(`${name}.`)) return undefined;
    const built = BUILT_NAME + asked.slice(name.length);
    if (!Object.hasOwn(scripts, built)) return undefined;
    const text = scripts[built]!;
    // Not before it is asked for: hashing all of them would delay the first request of each isolate.
    const etag = tags.get(built) ?? `"${sha256Hex(text).slice(0, 32)}"`;
    tags.set(built, etag);
    return { text, etag };
  };
}

/** Whether the list of an `If-None-Match` header names the tag (RFC 9110 §13.1.2, weak comparison). */
export function isKnownTag(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}
