/** Escapes that mean the same in RE2 (both warehouses) and in JavaScript (which the config is checked with). */
const SHARED_ESCAPE = /^\\(?:[bBdDsSwWtnrfv]|x[0-9a-f]{2}|[^A-Za-z0-9])/i;
/** Repetitions beyond it are refused by RE2: https://github.com/google/re2/wiki/Syntax */
const LARGEST_REPETITION = 1000;

/**
 * Whether a regular expression is one, and means the same to RE2 and to JavaScript: no look-around, back references,
 * named groups, flags, nor escapes and classes that only one of them has.
 */
export function isSharedPattern(pattern: string): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const rest = pattern.slice(i);
    if (rest.startsWith('\\')) {
      const escape = SHARED_ESCAPE.exec(rest)?.[0];
      if (escape === undefined) return false;
      i += escape.length - 1;
    } else if (/^\(\?(?!:)/.test(rest) || rest.startsWith('[:') || rest.startsWith('[]') || rest.startsWith('[^]')) return false;
  }
  const repetitions = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].flatMap(([, from, to]) => [Number(from), Number(to || 0)]);
  if (repetitions.some((count) => count > LARGEST_REPETITION)) return false;
  try {
    return new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}
