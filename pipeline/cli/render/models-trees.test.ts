import { expect, test } from 'vitest';
import { APPLIED_VERSIONS, MODEL_VERSIONS } from '../../models/attribution/fitted-tables.ts';
import { modelQuality } from '../../query/models/quality.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { qualityView } from './models.ts';
import { PLAIN } from './text.ts';

test('of boosted trees the quality shows what they look at, in place of weights', async () => {
  const warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([MODEL_VERSIONS, APPLIED_VERSIONS]);
  const parameters = {
    trainer: 'boosted_trees',
    trees: 'visit_trees_visits_lead_202603_0',
    options: {},
    importance: [
      { feature: 'channel', says: 'Channel', splits: 12, share: 0.75 },
      { feature: 'page_views', says: 'Pages of the visit', splits: 1400, share: 0.25 },
    ],
  };
  const calibration = [{ visits: 20, predicted: 0.5, converted: 0.45 }];
  await warehouse.load(MODEL_VERSIONS, [
    {
      model: 'visits',
      conversion_name: 'lead',
      month: '2026-03-01',
      fitted_at: '2026-04-08T03:00:00.000Z',
      definition_hash: 'd',
      trained_from: '2026-01-01T00:00:00.000Z',
      trained_to: '2026-04-01T00:00:00.000Z',
      status: 'fitted',
      notice: null,
      conversions: 60,
      paths: 120,
      version_hash: 'v',
      parameters: JSON.stringify(parameters),
      quality: JSON.stringify({ visits: 20, converted: 9, auc: 0.75, logLoss: 0.5, logLossOfShare: 0.69, calibration }),
    },
  ]);
  const versions = await modelQuality(warehouse, { month: 'latest' });
  await warehouse.close();
  expect(versions).toMatchObject([{ auc: 0.75, weights: null, importance: parameters.importance }]);
  const text = qualityView(versions).text({ width: 120, emphasis: PLAIN });
  expect(text).toContain('visits, lead, 2026-03: calibration');
  expect(text).toContain('visits, lead, 2026-03: what the trees look at');
  expect(text).toMatch(/Channel +75\.0% +12\n/);
  expect(text).toMatch(/Pages of the visit +25\.0% +1,400\n/);
  expect(text).not.toContain('weights');
});
