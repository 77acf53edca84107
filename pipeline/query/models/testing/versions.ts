import { APPLIED_VERSIONS, CHANNEL_EFFECTS, MODEL_VERSIONS } from '../../../models/attribution/fitted-tables.ts';
import type { PublishedConfig } from '../../../models/reports/publication.ts';
import type { Row, TableDefinition } from '../../../warehouse/warehouse.ts';
import { PUBLICATION } from '../../testing/world.ts';

// Published versions of learned models, every row written by hand.

const lookbackDays = { lead: 90, closed_won: 30 };

export const CONFIG: PublishedConfig = {
  ...PUBLICATION.config,
  models: ['last_click', 'markov', 'game', 'visits'],
  modelDetails: [
    { name: 'last_click', label: 'Last click', type: 'last_click', lookbackDays },
    { name: 'markov', label: 'Markov', type: 'markov', lookbackDays },
    { name: 'game', label: 'Shapley, rate', type: 'shapley_rate', lookbackDays },
    { name: 'visits', label: 'Visit scoring', type: 'visit_scoring', lookbackDays },
  ],
};

const fitted = (model: string, conversion_name: string, month: string, more: Row = {}): Row => ({
  model,
  conversion_name,
  month,
  fitted_at: '2026-04-08T03:00:00.000Z',
  definition_hash: 'd',
  trained_from: '2025-12-31T23:00:00.000Z',
  trained_to: '2026-03-31T22:00:00.000Z',
  status: 'fitted',
  notice: null,
  conversions: 1200,
  paths: 34_000,
  version_hash: `${model} ${month}`,
  parameters: '{}',
  quality: '{}',
  ...more,
});

export const FEW = 'too little to learn from: 12 conversions have a path, 30 are needed; the last significant click is credited';
const few: Row = { status: 'too_little_data', notice: FEW, conversions: 12, paths: 80, version_hash: 'none' };

const SCORING: Row = {
  parameters: JSON.stringify({
    trainer: 'logistic',
    ridge: 1,
    intercept: -2.5,
    weights: [{ feature: 'channel', value: 'Email', says: 'channel: Email', coefficient: 0.75, visits: 400, converted: 31 }],
  }),
  quality: JSON.stringify({
    visits: 2000,
    converted: 100,
    auc: 0.7125,
    logLoss: 0.181,
    logLossOfShare: 0.1985,
    calibration: [
      { visits: 1000, predicted: 0.02, converted: 0.021 },
      { visits: 1000, predicted: 0.08, converted: 0.079 },
    ],
  }),
};

const effect = (month: string, channel: string, of: number, share: number, model = 'markov', error: number | null = null): Row => ({
  model,
  conversion_name: 'lead',
  month,
  channel,
  effect: of,
  share,
  error,
});

const applied = (model: string, month: string, version_month: string | null, is_provisional = false): Row => ({
  model,
  conversion_name: 'lead',
  month,
  version_month,
  is_provisional,
  version_hash: 'h',
});

export const VERSION_TABLES: readonly (readonly [TableDefinition, readonly Row[]])[] = [
  [
    MODEL_VERSIONS,
    [
      fitted('markov', 'lead', '2026-02-01'),
      fitted('markov', 'lead', '2026-03-01'),
      fitted('markov', 'closed_won', '2026-03-01', few),
      fitted('game', 'lead', '2026-03-01', { quality: JSON.stringify({ greatestError: 0.000125, orders: 4000 }) }),
      fitted('visits', 'lead', '2026-03-01', SCORING),
    ],
  ],
  [
    CHANNEL_EFFECTS,
    [
      effect('2026-02-01', 'Email', 250_000_000, 1_000_000_000),
      effect('2026-03-01', 'Direct', 250_000_000, 200_000_000),
      effect('2026-03-01', 'Paid Search', 1_000_000_000, 800_000_000),
      effect('2026-03-01', 'Email', -1_500_000, 0, 'game', 125_000),
    ],
  ],
  [
    APPLIED_VERSIONS,
    [
      applied('markov', '2026-01-01', null),
      applied('markov', '2026-03-01', '2026-03-01'),
      applied('markov', '2026-04-01', '2026-03-01', true),
      applied('markov', '2026-05-01', '2026-03-01', true),
      { ...applied('markov', '2026-03-01', '2026-03-01'), conversion_name: 'closed_won' },
      { ...applied('markov', '2026-04-01', '2026-03-01', true), conversion_name: 'closed_won' },
      applied('visits', '2026-04-01', '2026-03-01', true),
    ],
  ],
];
