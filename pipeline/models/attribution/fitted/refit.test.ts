import { expect, test } from 'vitest';
import { Config } from '../../../config/schema.ts';
import { checkRefit } from './refit.ts';

const configOf = (models: readonly 'markov'[]) =>
  Config.parse({
    project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' },
    attribution: { models: models.length > 0 ? [...models] : ['last_click'] },
  });
const now = '2026-06-30T23:00:00.000Z';

test.each([undefined, '2026-01', '2026-01-15', '2026-07'])('%s is when models can be fitted anew from', (refit) =>
  expect(() => checkRefit({ refit, config: configOf(['markov']), now })).not.toThrow(),
);

test.each([
  ['2026', 'expected a month such as 2026-03, or a date in it such as 2026-03-15'],
  ['2026-13', 'expected a month such as 2026-03'],
  ['2026-02-30', 'expected a month such as 2026-03'],
  ['all', 'expected a month such as 2026-03'],
  ['2026-08', 'nothing has been fitted from then on: today is 2026-07-01'],
])('%s is refused: %s', (refit, problem) =>
  expect(() => checkRefit({ refit, config: configOf(['markov']), now })).toThrow(`--refit ${refit}: ${problem}`),
);

test('of a project whose models learn nothing there is nothing to fit anew', () =>
  expect(() => checkRefit({ refit: '2026-01', config: configOf([]), now })).toThrow(
    'expected one of type markov, shapley_rate or visit_scoring',
  ));
