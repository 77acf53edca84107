import { expect, test } from 'vitest';
import type { EdgeStep } from '../../query/identity/explain.ts';
import { renderExplanation } from './identity.ts';

const STEP: EdgeStep = {
  kind: 'edge',
  anonymous_id: 'laptop',
  key_name: 'user_id',
  key_value: 'u1',
  tier: 'deterministic',
  origin: 'event',
  first_seen: '2026-03-02T10:00:05.000000Z',
  last_seen: '2026-03-02T10:00:55.000000Z',
  verdict: 'used',
  evidence: null,
  refusal: null,
};

test.each([
  ['within a minute, as times are shown, is one time', STEP.last_seen, 'deterministic, from events; seen Mon 2 Mar 2026 11:00'],
  [
    'for longer has two',
    '2026-03-02T10:01:00.000000Z',
    'deterministic, from events; first seen Mon 2 Mar 2026 11:00, last Mon 2 Mar 2026 11:01',
  ],
])('an identifier that was seen %s', (_, last, expected) => {
  const end = { described: 'x', person_ids: ['laptop'] };
  const text = renderExplanation({ from: end, to: end, verdict: 'one_person', steps: [{ ...STEP, last_seen: last }] }, 'Europe/Berlin');
  expect(text.split('\n').map((line) => line.trim())).toContain(expected);
});
