import { expect, test } from 'vitest';
import { costProblems } from './check-costs.ts';
import { checkConfig } from './check.ts';
import { Config } from './schema.ts';

const google = { csv: 'google.csv', platform: 'google_ads', source: 'google', medium: 'cpc' };
const meta = { csv: 'meta.csv', platform: 'meta_ads', source: 'facebook', medium: 'paid_social' };

function problemsOf(costs: readonly object[]): string[] {
  const { costs: parsed, conversions } = Config.parse({
    project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
    conversions: [
      { name: 'lead', label: 'Lead', sql: 'lead.sql' },
      { name: 'deal', label: 'Deal', sql: 'deal.sql' },
    ],
    costs: [...costs],
  });
  return costProblems({ costs: parsed, conversions }).map(({ path, message }) => `${path}: ${message}`);
}

test('each platform means a conversion that there is, or none', () => {
  expect(problemsOf([google, { ...meta, platformConversion: 'deal' }])).toEqual([]);
  expect(problemsOf([{ ...google, platformConversion: 'leed' }])).toEqual([
    'costs[0].platformConversion: "leed": no such conversion; did you mean "lead"?',
  ]);
});

test('two accounts of a platform mean the same, and one of them may leave it out', () => {
  const said = { ...google, platformConversion: 'lead' };
  expect(problemsOf([said, google, { ...google, platformConversion: 'lead' }, { ...meta, platformConversion: 'deal' }])).toEqual([]);
  expect(problemsOf([google, said, { ...google, platformConversion: 'deal' }])).toEqual([
    'costs[2].platformConversion: "deal": costs[1] says "lead" of google_ads; expected the same',
  ]);
});

test('the check of the config refuses one that is unknown', () => {
  const project = { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' };
  const input = { project, costs: [{ ...google, platformConversion: 'lead' }] };
  const check = () => checkConfig(input, import.meta.dirname, 'touchtrail.config.ts', { onMissingFile: () => {} });
  expect(check).toThrow('costs[0].platformConversion: "lead": no such conversion; there is none');
});
