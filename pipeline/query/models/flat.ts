import { flatRows, type FlatTable } from '../export/flat.ts';
import type { ChannelEffect } from './effects.ts';
import type { ListedModel, ModelVersion } from './list.ts';
import type { VersionQuality } from './quality.ts';

// What is known of models as tables for files.

interface ModelLine extends Partial<ModelVersion> {
  readonly model: string;
  readonly label: string;
  readonly type: string;
  readonly conversion: string;
  readonly lookback_days: number | null;
}

/** The models, one line per conversion; of those that are learned one per version. */
export function modelsTable(models: readonly ListedModel[]): FlatTable {
  const lines = models.flatMap(({ versions, lookback_days: days, name: model, label, type }): ModelLine[] => {
    const of = (conversion: string) => ({ model, label, type, conversion, lookback_days: days[conversion] ?? null });
    if (versions.length === 0) return Object.keys(days).map(of);
    return versions.map((version) => ({ ...version, ...of(version.conversion) }));
  });
  return flatRows<ModelLine>(
    {
      model: 'STRING',
      label: 'STRING',
      type: 'STRING',
      conversion: 'STRING',
      lookback_days: 'INT64',
      month: 'STRING',
      status: 'STRING',
      conversions: 'INT64',
      paths: 'INT64',
      fitted_at: 'TIMESTAMP',
      notice: 'STRING',
    },
    lines,
  );
}

/** What versions say of channels. */
export function effectsTable(effects: readonly ChannelEffect[]): FlatTable {
  return flatRows<ChannelEffect>(
    {
      model: 'STRING',
      conversion: 'STRING',
      month: 'STRING',
      channel: 'STRING',
      effect: 'FLOAT64',
      share: 'FLOAT64',
      error: 'FLOAT64',
    },
    effects,
  );
}

const nameOf = ({ model, conversion, month }: VersionQuality) => ({ model, conversion, month });

/** Which parts of the quality of models can be written to a file. */
export const QUALITY_PARTS = ['versions', 'calibration', 'weights', 'importance'] as const;
export type QualityPart = (typeof QUALITY_PARTS)[number];

/**
 * How well versions fit. @param part one line per version; or, of visit scoring, per tenth of its visits, per value of what is known
 * of a visit, or, where trees have learned it, per feature.
 */
export function qualityTable(versions: readonly VersionQuality[], part: QualityPart = 'versions'): FlatTable {
  const key = { model: 'STRING', conversion: 'STRING', month: 'STRING' } as const;
  switch (part) {
    case 'versions':
      return flatRows<VersionQuality>(
        {
          ...key,
          status: 'STRING',
          conversions: 'INT64',
          paths: 'INT64',
          auc: 'FLOAT64',
          log_loss: 'FLOAT64',
          base_log_loss: 'FLOAT64',
          held_out_visits: 'INT64',
          held_out_converted: 'INT64',
          greatest_error: 'FLOAT64',
          notice: 'STRING',
        },
        versions,
      );
    case 'calibration': {
      const lines = versions.flatMap((row) => (row.calibration ?? []).map((tenth, i) => ({ ...nameOf(row), tenth: i + 1, ...tenth })));
      return flatRows<(typeof lines)[number]>(
        { ...key, tenth: 'INT64', visits: 'INT64', predicted: 'FLOAT64', converted: 'FLOAT64' },
        lines,
      );
    }
    case 'weights': {
      const lines = versions.flatMap((row) => (row.weights ?? []).map((weight) => ({ ...nameOf(row), ...weight })));
      return flatRows<(typeof lines)[number]>(
        { ...key, feature: 'STRING', value: 'STRING', says: 'STRING', coefficient: 'FLOAT64', visits: 'INT64', converted: 'INT64' },
        lines,
      );
    }
    case 'importance': {
      const lines = versions.flatMap((row) => (row.importance ?? []).map((feature) => ({ ...nameOf(row), ...feature })));
      return flatRows<(typeof lines)[number]>({ ...key, feature: 'STRING', says: 'STRING', share: 'FLOAT64', splits: 'INT64' }, lines);
    }
  }
}
