import { MODEL_VERSIONS } from '../../models/attribution/fitted-tables.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { publishedModel } from '../../models/reports/publication.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { FITTED_TYPES } from './schema.ts';
import { APPLIED, IN_ORDER } from './versions.ts';

/** A version of a learned model for one conversion and month. */
export interface ModelVersion {
  readonly conversion: string;
  /** YYYY-MM. */
  readonly month: string;
  readonly status: 'fitted' | 'too_little_data';
  readonly notice: string | null;
  /** Conversions and paths that it learned from. */
  readonly conversions: number;
  readonly paths: number;
  /** ISO in UTC. */
  readonly trained_from: string;
  readonly trained_to: string;
  readonly fitted_at: string;
}

/** A month that is credited by the version of an earlier one, because its own is not fitted yet. */
export interface ProvisionalMonth {
  readonly conversion: string;
  readonly month: string;
  /** YYYY-MM; null where there is no version at all yet: then the last significant click is credited. */
  readonly version_month: string | null;
}

export interface ListedModel {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  /** Whether it is learned from data, and so has versions. */
  readonly is_fitted: boolean;
  /** By conversion name. */
  readonly lookback_days: Readonly<Record<string, number>>;
  readonly versions: readonly ModelVersion[];
  readonly provisional: readonly ProvisionalMonth[];
}

/** The attribution models of a publication in the order of the config, those that are learned from data with their versions. */
export async function listModels(warehouse: Warehouse, config: PublishedConfig): Promise<ListedModel[]> {
  const models = config.models.map((name) => publishedModel(config, name));
  const hasVersions = models.some(({ type }) => FITTED_TYPES.includes(type));
  const versions = hasVersions ? await versionsByModel(warehouse) : new Map<string, ModelVersion[]>();
  const provisional = hasVersions ? await provisionalByModel(warehouse) : new Map<string, ProvisionalMonth[]>();
  return models.map(({ name, label, type, lookbackDays }) => ({
    name,
    label,
    type,
    is_fitted: FITTED_TYPES.includes(type),
    lookback_days: lookbackDays,
    versions: versions.get(name) ?? [],
    provisional: provisional.get(name) ?? [],
  }));
}

async function versionsByModel(warehouse: Warehouse): Promise<Map<string, ModelVersion[]>> {
  const rows = await warehouse.rows<Omit<ModelVersion, 'conversion'> & { model: string; conversion_name: string }>(
    sql`
      select
        versions.model, versions.conversion_name, versions.month, versions.status, versions.notice, versions.conversions, versions.paths,
        versions.trained_from, versions.trained_to, versions.fitted_at
      from ${table(MODEL_VERSIONS.name)} as versions
      order by ${IN_ORDER}`,
    'versions of models',
  );
  return byModel(
    rows,
    ({ conversion_name: conversion, month, status, notice, conversions, paths, trained_from, trained_to, fitted_at }) => ({
      conversion,
      month: month.slice(0, 7),
      status,
      notice,
      conversions,
      paths,
      trained_from,
      trained_to,
      fitted_at,
    }),
  );
}

async function provisionalByModel(warehouse: Warehouse): Promise<Map<string, ProvisionalMonth[]>> {
  const rows = await warehouse.rows<{ model: string; conversion_name: string; month: string; version_month: string | null }>(
    sql`
      select versions.model, versions.conversion_name, versions.month, versions.version_month
      from ${APPLIED} as versions
      where versions.is_provisional
      order by ${IN_ORDER}`,
    'provisional months',
  );
  return byModel(rows, ({ conversion_name: conversion, month, version_month: version }) => ({
    conversion,
    month: month.slice(0, 7),
    version_month: version?.slice(0, 7) ?? null,
  }));
}

function byModel<Row extends { readonly model: string }, Said>(rows: readonly Row[], said: (row: Row) => Said): Map<string, Said[]> {
  return new Map([...Map.groupBy(rows, ({ model }) => model)].map(([model, own]) => [model, own.map(said)]));
}
