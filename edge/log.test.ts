import { afterEach, expect, test, vi } from 'vitest';
import { log } from './log.ts';

afterEach(() => vi.restoreAllMocks());

/** What is written at a level, parsed. */
function written(level: 'info' | 'warn' | 'error', ...rest: [string, Record<string, string | number>?, unknown?]): unknown {
  const writes = vi.spyOn(console, level).mockImplementation(() => {});
  log(level, ...rest);
  expect(writes).toHaveBeenCalledTimes(1);
  const [line] = writes.mock.calls[0] as [string];
  expect(line).not.toContain('\n');
  return JSON.parse(line);
}

test('a line says level, event and fields', () => {
  expect(written('info', 'spill_replayed', { deliveries: 3 })).toEqual({ level: 'info', event: 'spill_replayed', deliveries: 3 });
});

test('an error is told by its name and words, with those of its cause', () => {
  const error = new TypeError('cannot send\nthe message', { cause: new RangeError('too large') });
  expect(written('error', 'not_stored', {}, error)).toEqual({
    level: 'error',
    event: 'not_stored',
    error: 'TypeError',
    message: 'cannot send\nthe message (RangeError: too large)',
  });
});

test.each([
  ['an e-mail address', 'no visitor jane.doe@example.com here', /jane|example\.com/],
  ['an encoded e-mail address', 'GET /x/jane%40example.com', /jane/],
  ['an IPv4 address', 'connect 203.0.113.7 failed', /203\.0/],
  ['an IPv6 address', 'connect 2001:db8::7 failed', /2001/],
  ['the query of a URL', 'fetch https://edge.example/v1/pixel/t?data=eyJ1c2Vy failed', /eyJ1c2Vy/],
  ['an anonymous id', 'anonymous id 0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55 is odd', /0b7c1f0e/],
  ['a secret', `Bearer ${'ab12'.repeat(10)}`, /ab12/],
])('%s in the words of an error is not logged', (_, words, personal) => {
  const { message } = written('warn', 'x', {}, new Error(words)) as { message: string };
  expect(message).not.toMatch(personal);
  expect(message.length).toBeGreaterThan(5);
});

test('long words are cut to 300 characters', () => {
  const { message } = written('warn', 'x', {}, new Error('no '.repeat(1_000))) as { message: string };
  expect(message).toHaveLength(300);
});

test('what is thrown and is no error is told, too', () => {
  expect(written('warn', 'x', {}, 'out of order')).toEqual({ level: 'warn', event: 'x', message: 'out of order' });
});
