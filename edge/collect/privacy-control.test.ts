import { describe, expect, test } from 'vitest';
import { CLICK_ID_PARAMETERS } from '../contract/click-ids.ts';
import { asksForPrivacy, withoutTies } from './privacy-control.ts';

const HASH = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';

test.each([
  [{ context: { gpc: true } }, true],
  [{ context: { gpc: false } }, false],
  [{ context: { gpc: 'true' } }, false],
  [{ context: null }, false],
  [{ gpc: true }, false],
])('%j asks for privacy: %s', (event, expected) => {
  expect(asksForPrivacy(event)).toBe(expected);
});

describe('the address of a page keeps everything but click ids and hashes', () => {
  test.each([
    ['https://x.example/?gclid=G', 'https://x.example/'],
    ['https://x.example/?gclid=G&utm_source=a', 'https://x.example/?utm_source=a'],
    ['https://x.example/?utm_source=a&gclid=G', 'https://x.example/?utm_source=a'],
    ['https://x.example/?a=1&fbclid=F&b=2', 'https://x.example/?a=1&b=2'],
    ['https://x.example/?gclid=G&fbclid=F&b=2', 'https://x.example/?b=2'],
    ['https://x.example/?gclid=G&fbclid=F#top', 'https://x.example/#top'],
    ['https://x.example/#gclid=G', 'https://x.example/'],
    ['https://x.example/#a=1;ScCid=S', 'https://x.example/#a=1'],
    [`https://x.example/?ehash=${HASH}`, 'https://x.example/'],
    ['https://x.example/?gclid=a%26b&c=d', 'https://x.example/?c=d'],
    ['?gclid=', ''],
    ['/pricing?gclid=G&plan=a', '/pricing?plan=a'],
    [
      'https://l.example/l.php?u=https%3A%2F%2Fx.example%2F%3Ffbclid%3DF%26a%3D1&h=2',
      'https://l.example/l.php?u=https%3A%2F%2Fx.example%2F%3Fa%3D1&h=2',
    ],
    ['https://l.example/?u=%252F%253Ffbclid%253DF&h=2', 'https://l.example/?u=%252F%253F&h=2'],
    ['https://x.example/?my_gclid=G&gclids=H&gclid2=I', 'https://x.example/?my_gclid=G&gclids=H&gclid2=I'],
    ['https://x.example/gclid=G', 'https://x.example/gclid=G'],
    ['gclid=G is what they call it', 'gclid=G is what they call it'],
    ['https://x.example/?a=1&', 'https://x.example/?a=1&'],
  ])('%s', (url, left) => {
    expect(withoutTies({ context: { page: { url } }, properties: { referrer: url } })).toEqual({
      context: { page: { url: left } },
      properties: { referrer: left },
    });
  });

  test.each(CLICK_ID_PARAMETERS.map(({ name }) => name))('%s is one of them', (name) => {
    const text = `see https://x.example/?a=1&${name.toUpperCase()}=v-1_2 there`;
    expect(withoutTies({ text })).toEqual({ text: 'see https://x.example/?a=1& there' });
  });

  // A search that went back for each of these would take hours.
  test('however long it is', () => {
    const long = [
      `${'&'.repeat(100_000)}?gclid=G`,
      `?gclid=${'%25'.repeat(100_000)}`,
      `?a=1${'%2525'.repeat(100_000)}%3Fgclid%3DG`,
      '%3fgclid%3d'.repeat(100_000),
    ];
    const { left } = withoutTies({ left: long }) as { left: string[] };
    expect(left.map((text) => text.length)).toEqual([99_999, 0, 500_004, 0]);
  });
});

test('members that hold click ids, cookies of platforms or hashes are dropped, at any depth; others stay', () => {
  expect(
    withoutTies({
      type: 'identify',
      userId: 'u-1',
      traits: { email: HASH, plan: 'pro', nested: [{ hashedEmail: HASH }] },
      properties: { gclid: 'G', ehash: HASH, email: 'jane@example.com', email_hash: 'none', amount: 12, list: ['?gclid=G', true, null] },
      context: {
        gpc: true,
        clickIds: { gclid: 'G' },
        click_ids: [],
        emailHashes: [{ hash: HASH, origin: 'form' }],
        fbc: 'fb.1.1.F',
        fbp: 'fb.1.1.2',
        traits: { email: 'Jane@example.com' },
        campaign: { source: 'google' },
      },
    }),
  ).toEqual({
    type: 'identify',
    userId: 'u-1',
    traits: { plan: 'pro', nested: [{}] },
    properties: { email_hash: 'none', amount: 12, list: ['', true, null] },
    context: { gpc: true, traits: {}, campaign: { source: 'google' } },
  });
});
