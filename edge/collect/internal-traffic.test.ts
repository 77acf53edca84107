import { expect, test, vi } from 'vitest';
import { internalRanges, isInternal } from './internal-traffic.ts';

const ranges = internalRanges('203.0.113.0/24, 2001:db8::/32');

test.each([
  ['203.0.113.9', true],
  ['203.0.114.9', false],
  ['2001:db8::1', true],
  ['2001:db9::1', false],
  ['::ffff:203.0.113.9', true],
  ['no address', false],
  [null, false],
])('the address %j is of the company: %s', (address, expected) => {
  expect(isInternal(address, ranges, null)).toBe(expected);
});

test.each([
  ['touchtrail_internal=1', true],
  ['a=b; touchtrail_internal=1; c=d', true],
  ['a=b;touchtrail_internal=1 ', true],
  ['touchtrail_internal=0', false],
  ['touchtrail_internal=', false],
  ['touchtrail_internal=11', false],
  ['not_touchtrail_internal=1', false],
  ['a=touchtrail_internal=1', false],
  ['', false],
])('with the cookies %j a browser is of the company: %s', (cookies, expected) => {
  expect(isInternal('198.51.100.1', ranges, cookies)).toBe(expected);
});

test.each([undefined, '', ' , '])('%j names no range, silently', (text) => {
  const logged = vi.spyOn(console, 'warn').mockReturnValue();
  expect(internalRanges(text)).toEqual([]);
  expect(logged).not.toHaveBeenCalled();
  logged.mockRestore();
});

test('what is no range is told and ignored, and the others hold', () => {
  const logged = vi.spyOn(console, 'warn').mockReturnValue();
  const some = internalRanges('203.0.113.0/33,office,198.51.100.7');
  expect(logged.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown)).toEqual([
    { level: 'warn', event: 'internal_ips_ignored', entry: '203.0.113.0/33' },
    { level: 'warn', event: 'internal_ips_ignored', entry: 'office' },
  ]);
  expect([isInternal('198.51.100.7', some, null), isInternal('203.0.113.1', some, null)]).toEqual([true, false]);
  logged.mockRestore();
});
