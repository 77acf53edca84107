/** What is left in place of a write key. */
const KEY = '(write key)';
/** A server key, which is a secret, has at least as many characters; no key has more. A word is not to be taken for a key. */
const SHORTEST = 20;
const LONGEST = 128;

/** A key by what it is called, in JSON, in JSON within JSON and in queries, also where the text ends within it. */
const NAMED = /(write_?key(?:\\*["']|%22)?\s*(?:[:=]|%3[ad])\s*(?:\\*["']|%22)?)(?:[^\s"'&,;{}[\]\\%]|\\(?!["'\\])|%(?!2[26]))+/gi;

/**
 * A text without the write keys in it: what it calls one, and the one that the request came with, wherever it stands. Only
 * their ids are stored.
 */
export function withoutWriteKeys(text: string, presented: string | undefined): string {
  const unnamed = text.replace(NAMED, `$1${KEY}`);
  return presented && presented.length >= SHORTEST && presented.length <= LONGEST ? unnamed.replace(written(presented), KEY) : unnamed;
}

/** A key as it may be written: what is no letter or digit may be percent-encoded. */
function written(key: string): RegExp {
  return new RegExp(
    key.replace(/[\W_]/g, (sign) => `(?:\\${sign}|%(?:25)*${sign.charCodeAt(0).toString(16)})`),
    'gi',
  );
}
