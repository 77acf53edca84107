import { describe, expect, test } from 'vitest';
import { PIXEL_GIF, pixelBody } from './pixel.ts';

test('the image is a complete GIF', () => {
  expect(Buffer.from(PIXEL_GIF).subarray(0, 6).toString()).toBe('GIF89a');
  expect(PIXEL_GIF.at(-1)).toBe(0x3b);
});

describe('the event of a pixel', () => {
  const text = '{"userId":"ü>?>","event":"Opened"}';
  const base64 = Buffer.from(text).toString('base64');

  test.each([
    ['base64', base64],
    ['URL-safe base64', Buffer.from(text).toString('base64url')],
    ['base64 whose plus signs became spaces', base64.replaceAll('+', ' ')],
  ])('is read from %s', (_, data) => {
    expect(pixelBody(data)).toBe(text);
  });

  test('that is no base64 or no text is refused', () => {
    expect(() => pixelBody('%%%')).toThrowError(expect.objectContaining({ reason: 'invalid_json' }));
    expect(() => pixelBody(Buffer.from([0xff, 0xfe]).toString('base64'))).toThrowError(expect.objectContaining({ reason: 'invalid_utf8' }));
  });
});
