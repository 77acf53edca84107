import { expect, test } from 'vitest';
import { isWanted, tailEvent, tailFailed } from './tail.ts';

const ROW = {
  received_at: '2026-03-02T10:00:00.000Z',
  write_key_id: 'wk_1',
  type: 'page',
  event: null,
  page_path: '/pricing',
  page_url: 'https://www.fernhill.example/pricing?x=1',
  referrer: null,
  utm_source: null,
  utm_medium: null,
  click_ids: [],
  anonymous_id: '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55',
} satisfies Parameters<typeof tailEvent>[0];

test('an event is shown with its page and the beginning of its visitor id', () => {
  expect(tailEvent(ROW)).toEqual({
    received_at: '2026-03-02T10:00:00.000Z',
    write_key_id: 'wk_1',
    type: 'page',
    event: null,
    page: '/pricing',
    source: null,
    anonymous_id: '0b7c1f0e',
    reason: null,
    path: null,
    detail: null,
  });
});

test.each([
  ['the campaign', { utm_source: 'google', utm_medium: 'cpc', referrer: 'https://www.google.com/' }, 'google / cpc'],
  ['the part of it that is there', { utm_medium: 'email' }, 'email'],
  ['else the click id', { click_ids: [{ name: 'gclid', value: 'secret' }], referrer: 'https://www.google.com/' }, 'gclid'],
  ['else the host of another site', { referrer: 'https://news.example/item?id=7' }, 'news.example'],
  ['of the own site none', { referrer: 'https://www.fernhill.example/' }, null],
  ['of what is no URL none', { referrer: 'somewhere' }, null],
])('the source is %s', (_, change, source) => {
  expect(tailEvent({ ...ROW, ...change }).source).toBe(source);
});

test('no e-mail address is shown, even where the site keeps them', () => {
  const event = tailEvent({
    ...ROW,
    event: 'Mail to jane@fernhill.example',
    page_path: '/u/jane%40fernhill.example/x',
    utm_source: 'jane@fernhill.example',
  });
  expect(event).toMatchObject({ event: 'Mail to (address)', page: '/u/(address)/x', source: '(address)' });
  const failed = tailFailed({
    received_at: ROW.received_at,
    write_key_id: null,
    reason: 'invalid_value',
    path: 'traits.jane@fernhill.example',
    detail: 'jane@fernhill.example is no number',
  });
  expect(JSON.stringify(failed)).not.toContain('jane');
  expect(failed).toMatchObject({ type: 'rejected', reason: 'invalid_value', detail: '(address) is no number' });
});

test.each([
  [{}, true, true],
  [{ failed: true }, false, true],
  [{ types: ['page', 'track'] }, true, false],
  [{ types: ['track'] }, false, false],
  [{ writeKeyIds: ['wk_1'] }, true, false],
  [{ writeKeyIds: ['wk_2'], types: ['page'] }, false, false],
])('the filter %j', (filter, page, rejectedOfNoKey) => {
  expect([isWanted({ type: 'page', write_key_id: 'wk_1' }, filter), isWanted({ type: 'rejected', write_key_id: null }, filter)]).toEqual([
    page,
    rejectedOfNoKey,
  ]);
});
