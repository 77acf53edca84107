import { expect, it } from 'vitest';
import { plain } from './plain.ts';

class Widget {
  readonly secret = 1;
}

it('copies what has a JSON form, dates as they are', () => {
  const date = new Date(0);
  const data = { text: 'a', number: 1.5, yes: true, none: null, date, list: [1, 'b', { deep: [2] }], bare: Object.create(null) as object };
  expect(plain(data)).toEqual({ ...data, bare: {} });
  expect(plain('text')).toBe('text');
});

it('leaves out functions, symbols, big integers and objects with behaviour', () => {
  const data = {
    call() {},
    mark: Symbol('x'),
    big: 1n,
    widget: new Widget(),
    map: new Map([[1, 2]]),
    list: [() => 1, 2, new Widget()],
    kept: 1,
  };
  expect(JSON.stringify(plain(data))).toBe('{"list":[2],"kept":1}');
});

it('ends where a member leads back to its owner, and keeps what is merely there twice', () => {
  const twice = { id: 1 };
  const data: Record<string, unknown> = { a: twice, b: twice };
  data['self'] = data;
  data['list'] = [data, { inner: data }];
  expect(JSON.stringify(plain(data))).toBe('{"a":{"id":1},"b":{"id":1},"list":[{}]}');
});

it('ends at a depth that no event needs', () => {
  let data: object = { bottom: 1 };
  for (let level = 0; level < 30; level++) data = { next: data };
  expect(JSON.stringify(plain(data))).not.toContain('bottom');
  expect(JSON.stringify(plain({ a: { b: { c: { d: { e: 1 } } } } }))).toBe('{"a":{"b":{"c":{"d":{"e":1}}}}}');
});
