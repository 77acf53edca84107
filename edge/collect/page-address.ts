/** What is read of the address of a page. */
export interface PageAddress {
  readonly pathname: string;
  /** The parameters of the query, decoded, in their order. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** The platform's parser takes microseconds, and the events of a visit name the same few addresses several times each. */
const REMEMBERED = 500;
/** Longer ones are rare, and are not worth the memory. */
const LONGEST_REMEMBERED = 1_024;
const known = new Map<string, PageAddress | undefined>();
/** The one asked for last, which is asked for again several times: to compare two texts takes less than to look one up. */
let last: { readonly text: string; readonly address: PageAddress | undefined } = { text: '', address: parsedAddress('') };

/** Reads an address; undefined for one that is none. Relative addresses count from an unnamed host. */
export function pageAddress(text: string | null): PageAddress | undefined {
  if (text === null) return undefined;
  if (text === last.text) return last.address;
  let address = known.get(text);
  if (address === undefined && !known.has(text)) {
    address = plainAddress(text) ?? parsedAddress(text);
    if (known.size >= REMEMBERED) known.clear();
    if (text.length <= LONGEST_REMEMBERED) known.set(text, address);
  }
  last = { text, address };
  return address;
}

/** By the platform's parser: https://url.spec.whatwg.org/ */
export function parsedAddress(text: string): PageAddress | undefined {
  const url = URL.parse(text, 'http://unnamed.invalid');
  return url ? { pathname: url.pathname, parameters: [...url.searchParams] } : undefined;
}

/**
 * An address as browsers write it, in which a parser would change nothing: a host of letters, no `.` or `..` in the path, and only
 * characters that are no other ones encoded.
 */
const PLAIN =
  /^https?:\/\/(?:(?!xn--)[a-z][a-z\d-]*\.)+(?!xn--)[a-z]{2,}(?::\d{1,4})?((?:\/(?!\.|%2[eE])[\w.~!$&()*+,;=:@%-]*)*)(?:\?([!-"$-~]*))?(?:#[!-~]*)?$/;

/** What the platform's parser would say, without it; undefined where that is not certain. */
export function plainAddress(text: string): PageAddress | undefined {
  const match = PLAIN.exec(text);
  if (!match) return undefined;
  const parameters: [string, string][] = [];
  try {
    for (const part of match[2]?.split('&') ?? []) {
      if (part === '') continue;
      const equals = part.indexOf('=');
      parameters.push(equals < 0 ? [decoded(part), ''] : [decoded(part.slice(0, equals)), decoded(part.slice(equals + 1))]);
    }
  } catch {
    // Bytes that are no UTF-8, of which the parser makes U+FFFD.
    return undefined;
  }
  return { pathname: flat(match[1] || '/'), parameters };
}

/** @throws URIError where encoded bytes are no UTF-8. */
function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  return flat(spaced.includes('%') ? decodeURIComponent(spaced) : spaced);
}

/** The text as one that is not kept as a part of a longer one: JSON.stringify takes twice as long over an object that holds such. */
const flat = (text: string): string => [text.slice(0, 1), text.slice(1)].join('');
