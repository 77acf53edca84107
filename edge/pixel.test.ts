import { describe, expect, test } from 'vitest';
import { PIXEL_GIF, pixelBody } from './pixel.ts';

test('the image is a complete GIF', () => {
  expect(Buffer.from(PIXEL_GIF).subarray(0, 6).toString()).toBe('GIF89a');
  expect(PIXEL_GIF.at(-1)).toBe(0x3b);
});

const reading = (data: string) => () => pixelBody(new URLSearchParams({ data }));

describe('the event of a pixel', () => {
  const text = '{"userId":"ü>?>","event":"Opened"}';
  const base64 = Buffer.from(text).toString('base64');

  test.each([
    ['base64', base64],
    ['URL-safe base64', Buffer.from(text).toString('base64url')],
    ['base64 whose plus signs became spaces', base64.replaceAll('+', ' ')],
  ])('is read from %s', (_, data) => {
    expect(pixelBody(new URLSearchParams({ data }))).toBe(text);
  });

  test('that is no base64 or no text is refused', () => {
    expect(reading('%%%')).toThrowError(expect.objectContaining({ reason: 'invalid_json' }));
    expect(reading(Buffer.from([0xff, 0xfe]).toString('base64'))).toThrowError(expect.objectContaining({ reason: 'invalid_utf8' }));
  });

  test.each([
    [base64.slice(0, 29), '{"userId":"ü>?>","ev'],
    // The "ü" has two bytes, the first of which is the last of the fourth group.
    [base64.slice(0, 17), '{"userId":"'],
    [`${base64.slice(0, 28)}*`, '{"userId":"ü>?>","ev'],
    ['jane@example.com', '(16 characters that are not base64)'],
    ['%%%', '(3 characters that are not base64)'],
    [Buffer.from('{"email":"jane@example.com"}', 'utf16le').toString('base64').slice(0, 41), '(41 characters that are not base64)'],
  ])('that is cut or damaged is refused with what it says up to there: %s', (data, payload) => {
    expect(reading(data)).toThrowError(expect.objectContaining({ reason: 'invalid_json', payload }));
  });

  test.each([
    ['event=Opened&userId=u&writeKey=demo', '{"event":"Opened","userId":"u"}'],
    ['context.campaign.name=june&context.campaign.source=mail', '{"context":{"campaign":{"name":"june","source":"mail"}}}'],
    ['anonymousId=%22a-1%22&event=%22quoted%22', String.raw`{"anonymousId":"a-1","event":"\"quoted\""}`],
    ['event=first&event=second', '{"event":"first"}'],
    ['context=text&context.page=x', '{"context":"text"}'],
    ['context.page=x&context=text', '{"context":{"page":"x"}}'],
    [
      '__proto__.polluted=1&constructor.prototype.polluted=1',
      '{"__proto__":{"polluted":"1"},"constructor":{"prototype":{"polluted":"1"}}}',
    ],
    ['', '{}'],
  ])('%s is read member by member', (query, expected) => {
    expect(pixelBody(new URLSearchParams(query))).toBe(expected);
    expect('polluted' in {}).toBe(false);
  });

  test('that is nested as deeply as an address is long is nested too deeply, and no worse', () => {
    const deep = pixelBody(new URLSearchParams(`${'a.'.repeat(8_000)}a=1`));
    // An event may have 100 levels.
    expect(deep.replaceAll(/[^{]/g, '').length).toBe(102);
  });
});
