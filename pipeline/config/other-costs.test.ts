import { expect, test } from 'vitest';
import { dailyMicros, otherCosts } from './other-costs.ts';

const YEAR = { name: 'team', amount: 100, from: '2026-01-01', to: '2026-01-03' };

test('an amount is spread evenly over its days, and what does not divide falls on the first ones', () => {
  expect(dailyMicros(YEAR)).toEqual([
    { date: '2026-01-01', micros: 33_333_334n },
    { date: '2026-01-02', micros: 33_333_333n },
    { date: '2026-01-03', micros: 33_333_333n },
  ]);
  expect(dailyMicros({ ...YEAR, amount: -0.000002 }).map(({ micros }) => micros)).toEqual([-1n, -1n, 0n]);
});

test('whatever the amount and the days, the days add up to the amount', () => {
  for (const [amount, from, to, micros] of [
    [1_234_567.891234, '2024-01-01', '2024-12-31', 1_234_567_891_234n],
    [0.1, '2026-02-01', '2026-02-28', 100_000n],
    [50_000, '2025-03-29', '2026-03-31', 50_000_000_000n],
  ] as const) {
    const days = dailyMicros({ amount, from, to });
    expect(days.reduce((sum, day) => sum + day.micros, 0n)).toBe(micros);
    const parts = days.map((day) => day.micros);
    expect(parts[0]! - parts.at(-1)!).toBeLessThanOrEqual(1n);
    expect(days.at(-1)!.date).toBe(to);
  }
});

test.each([
  [[{ ...YEAR, to: '2025-12-31' }], 'from 2026-01-01 lies after to 2025-12-31'],
  [[{ ...YEAR, to: '2026-02-30' }], '"2026-02-30": expected a date such as "2026-06-30"'],
  [[{ ...YEAR, to: '2040-01-01' }], 'expected at most ten years; write several entries for more'],
  [[YEAR, YEAR], '"team": stands twice; expected a name of its own'],
  [[{ ...YEAR, chanel: 'Events' }], '"Events": unknown key; did you mean "channel"?'],
  [
    [{ ...YEAR, country: 'DE' }],
    '"DE": other costs cannot name country: sessions have it, and costs have not; expected one of channel, source, medium, campaign, ad_platform, account, ad_group, ad',
  ],
  [
    [{ ...YEAR, source_medium: 'google / cpc' }],
    '"google / cpc": other costs cannot name source_medium: write source and medium; expected one of channel, source, medium, campaign, ad_platform, account, ad_group, ad',
  ],
])('%j is refused', (costs, message) => {
  expect(otherCosts.safeParse(costs).error!.issues.map((issue) => issue.message)).toEqual([message]);
});
