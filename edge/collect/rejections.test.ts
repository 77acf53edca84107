import { expect, test } from 'vitest';
import { REJECTIONS } from './rejections.ts';

test.each(Object.entries(REJECTIONS))('%s is answered with a status that clients treat rightly', (reason, { scope, status }) => {
  // Measured clients drop on 4xx but 429, retry on 503, and never retry 501, 505 and 511.
  const retried: Record<string, number[]> = { not_stored: [503], rate_limited: [429] };
  const fitting = scope === 'event' ? [200] : (retried[reason] ?? [400, 401, 403, 413, 415]);
  expect(fitting).toContain(status);
});

test.each(Object.entries(REJECTIONS))('%s is explained in a sentence', (_, { words }) => {
  expect(words).toMatch(/^[A-Z].{20,}[.]$/);
});
