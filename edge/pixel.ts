import { decodeUtf8 } from './collect/body.ts';
import { LIMITS } from './collect/limits.ts';
import { RequestRejected } from './collect/rejections.ts';

/** A transparent image of one pixel: the smallest GIF89a every mail program accepts. */
export const PIXEL_GIF = Uint8Array.from(atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'), (character) =>
  character.charCodeAt(0),
);

/**
 * The event that a pixel's address carries: in `data` as JSON in base64, also of the URL-safe alphabet (Segment), else member by
 * member, with dots where it is nested: `event=Opened&context.campaign.name=june` (RudderStack).
 * @returns JSON.
 * @throws RequestRejected invalid_json or invalid_utf8.
 */
export function pixelBody(query: URLSearchParams): string {
  const data = query.get('data');
  return data === null ? JSON.stringify(membersOf(query)) : decodeBase64(data);
}

function decodeBase64(data: string): string {
  // A "+" of base64 arrives as a space where the address was not encoded.
  const base64 = data.replace(/[- ]/g, '+').replace(/_/g, '/');
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(base64);
  } catch (cause) {
    throw new RequestRejected('invalid_json', { payload: beginningOf(base64), detail: 'data is not base64', cause });
  }
  return decodeUtf8(bytes);
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** What cut or damaged base64 says up to there: as base64 it could not be cleaned. */
function beginningOf(base64: string): string {
  const sound = /^(?:[a-z\d+/]{4})*/i.exec(base64)![0];
  try {
    // The last character may be cut.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytesOf(sound), { stream: true });
    if (text !== '' && !text.includes('\0')) return text;
  } catch {
    // Something else that looks like base64.
  }
  return `(${base64.length} characters that are not base64)`;
}

/** Without a prototype: the names are the sender's. */
interface Branch {
  [name: string]: string | Branch;
}
const newBranch = () => Object.create(null) as Branch;

/** An address would be hidden by taking it apart at its dots. */
const NO_PATH = /[^\p{L}\p{N}_.$ -]/u;

/** Of what is said twice, the first counts. */
function membersOf(query: URLSearchParams): Branch {
  const message = newBranch();
  for (const [path, value] of query) {
    // The key itself is kept nowhere.
    if (path === 'writeKey') continue;
    // What is nested deeper is refused anyway, and must not exhaust the stack before it is.
    const names = NO_PATH.test(path) ? [path] : path.split('.', LIMITS.depth + 2);
    const last = names.pop()!;
    let at: string | Branch = message;
    for (const name of names) if (typeof at === 'object') at = at[name] ??= newBranch();
    // Mail tools paste the id with the quotes that RudderStack's own cookie has.
    if (typeof at === 'object') at[last] ??= path === 'anonymousId' ? value.replace(/^"(.*)"$/, '$1') : value;
  }
  return message;
}
