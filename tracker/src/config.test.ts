import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

const script = (src: string, attributes: Record<string, string> = {}) => ({
  src,
  getAttribute: (name: string) => attributes[name] ?? null,
});

it('expects the edge where the script lies', () => {
  expect(readConfig(script('https://www.shop.example/t/t.js?v=2', { 'data-write-key': 'wk' }))).toEqual({
    writeKey: 'wk',
    edge: 'https://www.shop.example/t/',
    page: true,
  });
});

it('reads attributes, or the query of the address where a tag manager stripped them; attributes come first', () => {
  const expected = { writeKey: 'wk', edge: 'https://edge.shop.example/e/', page: false };
  const attributes = { 'data-write-key': 'wk', 'data-api-host': 'https://edge.shop.example/e', 'data-page': 'false' };
  expect(readConfig(script('https://cdn.example/t.js', attributes))).toEqual(expected);
  expect(readConfig(script('https://cdn.example/t.js?write-key=wk&page=false&api-host=https%3A%2F%2Fedge.shop.example%2Fe%2F'))).toEqual(
    expected,
  );
  expect(readConfig(script('https://cdn.example/t.js?write-key=other', attributes))).toEqual(expected);
});

it('is undefined without a write key', () => {
  expect(readConfig(script('https://cdn.example/t.js'))).toBeUndefined();
  expect(readConfig(script('https://cdn.example/t.js', { 'data-write-key': '' }))).toBeUndefined();
});
