import { expect, test } from 'vitest';
import { deviceColumns } from './device.ts';

const WINDOWS_CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const IPAD =
  'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

test.each([
  [WINDOWS_CHROME, { device_type: 'desktop', browser: 'Chrome', os: 'Windows', is_bot: false }],
  [IPHONE, { device_type: 'mobile', browser: 'Safari', os: 'iOS', is_bot: false }],
  [IPAD, { device_type: 'tablet', browser: 'Safari', os: 'iOS', is_bot: false }],
])('%s is a visitor', (userAgent, expected) => {
  expect(deviceColumns(userAgent, true)).toEqual({ user_agent: userAgent, ...expected });
});

test('a crawler that says so is a bot', () => {
  expect(deviceColumns(GOOGLEBOT, true).is_bot).toBe(true);
});

test.each([
  ['a browser', true, true],
  ['a server', false, false],
])('no user agent from %s is a bot: %s', (_, expected, isBot) => {
  expect(deviceColumns('', expected)).toEqual({ user_agent: null, device_type: null, browser: null, os: null, is_bot: isBot });
});

test('a user agent is cut at 1,024 characters', () => {
  expect(deviceColumns('x'.repeat(5_000), true).user_agent).toHaveLength(1_024);
});
