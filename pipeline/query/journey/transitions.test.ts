import { expect, test } from 'vitest';
import { type StagedConversion, transitionOf } from './transitions.ts';

const FUNNEL = ['lead', 'mql', 'closed_won'];
const conversion = (name: string, id: string, conversion_time: string, lead_id: string | null = null): StagedConversion => ({
  name,
  label: name.toUpperCase(),
  id,
  conversion_time,
  lead_id,
});
const DAY_1 = '2026-03-01T12:00:00.000000Z';
const DAY_4 = '2026-03-04T11:59:00.000000Z';
const DAY_9 = '2026-03-09T12:00:00.000000Z';

test('a stage follows the furthest one before it, by whole days', () => {
  const lead = conversion('lead', 'L1', DAY_1, 'L1');
  const mql = conversion('mql', 'M1', DAY_4, 'L1');
  const deal = conversion('closed_won', 'D1', DAY_9, 'L1');
  const all = [lead, mql, deal];
  expect(transitionOf(lead, all, FUNNEL)).toBeNull();
  expect(transitionOf(mql, all, FUNNEL)).toEqual({ name: 'lead', label: 'LEAD', id: 'L1', days: 2 });
  expect(transitionOf(deal, all, FUNNEL)).toEqual({ name: 'mql', label: 'MQL', id: 'M1', days: 5 });
});

test('a deal of another lead does not follow this one; without a lead id the person is what joins them', () => {
  const first = conversion('lead', 'L1', DAY_1, 'L1');
  const second = conversion('lead', 'L2', DAY_4, 'L2');
  expect(transitionOf(conversion('closed_won', 'D1', DAY_9, 'L1'), [first, second], FUNNEL)).toMatchObject({ id: 'L1', days: 8 });
  expect(transitionOf(conversion('closed_won', 'D1', DAY_9), [first, second], FUNNEL)).toMatchObject({ id: 'L2' });
  // The CRM's lead may carry its id as its own id alone.
  expect(transitionOf(conversion('closed_won', 'D1', DAY_9, 'L1'), [conversion('lead', 'L1', DAY_1)], FUNNEL)).toMatchObject({ id: 'L1' });
});

test('a stage that happened later, and what is no stage, is followed by nothing', () => {
  const late = conversion('mql', 'M1', DAY_9);
  const demo = conversion('demo', 'X', DAY_1);
  expect(transitionOf(conversion('closed_won', 'D1', DAY_4), [late, demo], FUNNEL)).toBeNull();
  expect(transitionOf(demo, [conversion('lead', 'L1', DAY_1)], FUNNEL)).toBeNull();
});
