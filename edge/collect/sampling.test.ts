import { describe, expect, test } from 'vitest';
import { IncomingMessage } from '../contract/message.ts';
import { isSampledOut } from './sampling.ts';

const message = (raw: Record<string, unknown>) => IncomingMessage.parse({ type: 'track', event: 'E', anonymousId: 'a', ...raw });
const visitors = Array.from({ length: 4_000 }, (_, i) => `visitor-${i}`);
const kept = (share: number, more: Record<string, unknown> = {}) =>
  visitors.filter((anonymousId) => !isSampledOut(message({ anonymousId, ...more }), share));

describe('of the visitors of a key', () => {
  test.each([0.05, 0.5, 0.9])('about the share %d is kept', (share) => {
    // Five standard deviations of a binomial distribution.
    const tolerance = 5 * Math.sqrt(4_000 * share * (1 - share));
    expect(Math.abs(kept(share).length - 4_000 * share)).toBeLessThan(tolerance);
  });

  test('each is kept or left out with all events', () => {
    const pages = kept(0.3, { type: 'page', event: null });
    expect(pages).toEqual(kept(0.3));
    expect(kept(0.3, { userId: 'u-1' })).toEqual(pages);
  });

  test('a smaller share is a part of a greater one', () => {
    const some = new Set(kept(0.5));
    expect(kept(0.1).every((visitor) => some.has(visitor))).toBe(true);
  });

  test('all are kept with a share of 1 or none', () => {
    expect(kept(1)).toEqual(visitors);
    expect(visitors.some((anonymousId) => isSampledOut(message({ anonymousId })))).toBe(false);
  });

  // SHA-256 of "abc" begins with ba7816bf (FIPS 180-4), which is 0.72839 of 2^32.
  test('the hash of the id decides, the user id where there is no other', () => {
    for (const who of [
      { anonymousId: 'abc', userId: 'x' },
      { anonymousId: null, userId: 'abc' },
    ]) {
      expect(isSampledOut(message(who), 0.7283)).toBe(true);
      expect(isSampledOut(message(who), 0.7284)).toBe(false);
    }
  });
});

test.each([
  { type: 'identify', event: null },
  { type: 'alias', event: null, previousId: 'p' },
  { type: 'group', event: null, groupId: 'g' },
  { event: 'Form Submitted' },
  { event: 'form_submitted' },
])('%j is always kept: the lead in the CRM must find its visitor', (raw) => {
  expect(kept(0.000_001, raw)).toEqual(visitors);
});
