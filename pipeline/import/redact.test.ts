import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { redacted } from './redact.ts';

test.each([
  ['mail ada@example.com or Ada%40Example.com', '#'],
  [
    '{"ip":"203.0.113.9","six":"2001:db8::1","at":"07:08:09","version":"1.2.3"}',
    '{"ip":"(address)","six":"(address)","at":"07:08:09","version":"1.2.3"}',
  ],
])('%s is kept without addresses', (text, expected) => {
  const hash = createHash('sha256').update('ada@example.com').digest('hex');
  expect(redacted(text)).toBe(expected === '#' ? `mail ${hash} or ${hash}` : expected);
});
