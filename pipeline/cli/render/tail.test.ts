import { expect, test } from 'vitest';
import type { TailEntry } from '../../models/events/tail.ts';
import { renderTailEntry } from './tail.ts';

const ENTRY: TailEntry = {
  received_at: '2026-03-02T23:05:06.789Z',
  write_key_id: 'wk_1',
  type: 'page',
  event: null,
  page: '/pricing',
  source: 'google / cpc',
  anonymous_id: '0b7c1f0e',
  reason: null,
  path: null,
  detail: null,
};
const render = (change: Partial<TailEntry>) => renderTailEntry({ ...ENTRY, ...change }, 'Europe/Berlin', () => 'website');

test.each<[string, Partial<TailEntry>, string]>([
  ['a page', {}, '00:05:06  page      0b7c1f0e  website  /pricing  ← google / cpc\n'],
  [
    'an event of a server',
    { type: 'track', event: 'Paid', page: null, source: null, anonymous_id: null },
    '00:05:06  track     —         website  "Paid"\n',
  ],
  [
    'a rejected event',
    { type: 'rejected', page: null, source: null, anonymous_id: null, reason: 'invalid_value', path: 'event', detail: 'expected text' },
    '00:05:06  rejected  —         website  invalid_value at event: expected text\n',
  ],
  [
    'a body of nobody',
    { type: 'rejected', write_key_id: null, page: null, source: null, anonymous_id: null, reason: 'invalid_json' },
    '00:05:06  rejected  —         —  invalid_json\n',
  ],
  ['what would move the cursor', { page: '/a\u001B[2Jb\nc' }, '00:05:06  page      0b7c1f0e  website  /a [2Jb c  ← google / cpc\n'],
])('%s', (_, change, line) => {
  expect(render(change)).toBe(line);
});
