import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('readOptions', () => {
  it('reads the attributes of the script tag as the browser names them, and where the script lies', () => {
    const src = 'https://www.shop.example/t/t.js?v=2';
    expect(readOptions({ src, dataset: { writeKey: 'wk', cookieDays: '30' } })).toEqual({
      writeKey: 'wk',
      cookieDays: '30',
      v: '2',
      script: src,
    });
  });

  it('reads the query of the address, decoded and spelled as in code, where a tag manager stripped the attributes', () => {
    const src =
      'https://cdn.example/t.js?writeKey=wk&page=false&apiHost=https%3A%2F%2Fedge.shop.example%2Fe%2F&fields=a%3Dutm_source,gclid';
    expect(readOptions({ src, dataset: {} })).toEqual({
      writeKey: 'wk',
      page: 'false',
      apiHost: 'https://edge.shop.example/e/',
      fields: 'a=utm_source,gclid',
      script: src,
    });
  });

  it('lets attributes count more than the query, and nothing say where the script lies but its address', () => {
    const src = 'https://cdn.example/t.js?writeKey=other&page=hash&script=https://evil.example/';
    expect(readOptions({ src, dataset: { writeKey: 'wk' } })).toEqual({ writeKey: 'wk', page: 'hash', script: src });
    expect(readOptions({ src, dataset: { script: 'https://evil.example/' } }).script).toBe(src);
  });

  it('has no write key where the page gave none', () => {
    expect(readOptions({ src: 'https://cdn.example/t.js', dataset: {} }).writeKey).toBeUndefined();
    expect(readOptions({ src: 'https://cdn.example/t.js', dataset: { writeKey: '' } }).writeKey).toBe('');
  });
});
