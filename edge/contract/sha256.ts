/** The first 32 bits of the fractional parts of the square (cube) roots of the first primes: FIPS 180-4 §5.3.3, §4.2.2. */
const INITIAL: number[] = [];
const ROUND: number[] = [];

/** Shifts count modulo 32: by `-bits` is by the rest of the word. */
const rotate = (word: number, bits: number) => (word >>> bits) | (word << -bits);

/**
 * SHA-256 of the UTF-8 bytes of a text (at most 500 MB), as 64 lower-case hex digits.
 * Synchronous, because the hash of a submitted address must exist before the page navigates away; `crypto.subtle` is not.
 * Source: FIPS 180-4 §6.2.
 */
export function sha256Hex(text: string): string {
  // With the first hash: most pages need none while they load.
  for (let candidate = 2; ROUND.length < 64; candidate++) {
    let divisor = 2;
    while (candidate % divisor) divisor++;
    if (divisor < candidate) continue;
    // The conversion to 32 bits drops the whole part.
    INITIAL.push((candidate ** (1 / 2) * 2 ** 32) | 0);
    ROUND.push((candidate ** (1 / 3) * 2 ** 32) | 0);
  }
  const bytes = new TextEncoder().encode(text);
  const { length } = bytes;
  const words = new Int32Array((((length + 8) >> 6) + 1) * 16);
  // Shifts count modulo 32: the first of four bytes is the highest.
  const put = (byte: number, i: number) => (words[i >> 2]! |= byte << (~i << 3));
  bytes.forEach(put);
  put(0x80, length);
  words[words.length - 1] = length << 3;

  let hash = INITIAL.slice(0, 8);
  for (let block = 0; block < words.length; block += 16) {
    let [a, b, c, d, e, f, g, h] = hash as [number, number, number, number, number, number, number, number];
    const scheduled = Array.from(words.subarray(block, block + 16));
    for (let i = 0; i < 64; i++) {
      if (i > 15) {
        const w15 = scheduled[i - 15]!;
        const w2 = scheduled[i - 2]!;
        scheduled[i] =
          ((rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)) +
            scheduled[i - 16]! +
            (rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)) +
            scheduled[i - 7]!) |
          0;
      }
      const t1 = (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + h + ROUND[i]! + scheduled[i]!;
      const t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));
      [a, b, c, d, e, f, g, h] = [(t1 + t2) | 0, a, b, c, (d + t1) | 0, e, f, g];
    }
    hash = [a, b, c, d, e, f, g, h].map((word, i) => (word + hash[i]!) | 0);
  }
  return hash.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
