import { flatRows, type FlatTable } from '../export/flat.ts';
import type {
  CampaignCoverage,
  CostCoverage,
  PlatformConversions,
  PlatformCoverage,
  SessionsWithoutCost,
  WayCoverage,
} from './coverage.ts';

/** The tables of the coverage of costs, by name; the first is the one that is meant where none is named. */
export const COVERAGE_PARTS = {
  campaigns: ({ campaigns }: CostCoverage): FlatTable =>
    flatRows<CampaignCoverage>(
      {
        platform: 'STRING',
        account: 'STRING',
        campaign: 'STRING',
        campaign_id: 'STRING',
        cost: 'FLOAT64',
        clicks: 'INT64',
        sessions: 'INT64',
      },
      campaigns,
    ),
  platforms: ({ platforms }: CostCoverage): FlatTable =>
    flatRows<PlatformCoverage>(
      {
        platform: 'STRING',
        cost: 'FLOAT64',
        impressions: 'INT64',
        clicks: 'INT64',
        sessions: 'INT64',
        matched_sessions: 'INT64',
        unmatched_cost: 'FLOAT64',
        unmatched_clicks: 'INT64',
      },
      platforms,
    ),
  ways: ({ ways }: CostCoverage): FlatTable => flatRows<WayCoverage>({ matched_by: 'STRING', sessions: 'INT64', share: 'FLOAT64' }, ways),
  sessions: ({ sessions_without_cost: sessions }: CostCoverage): FlatTable =>
    flatRows<SessionsWithoutCost>(
      {
        ad_platform: 'STRING',
        source: 'STRING',
        medium: 'STRING',
        campaign: 'STRING',
        campaign_id: 'STRING',
        matched_by: 'STRING',
        sessions: 'INT64',
      },
      sessions,
    ),
  conversions: ({ platform_conversions: rows }: CostCoverage): FlatTable =>
    flatRows<PlatformConversions>(
      {
        platform: 'STRING',
        conversion: 'STRING',
        model: 'STRING',
        platform_conversions: 'FLOAT64',
        conversions: 'FLOAT64',
        platform_value: 'FLOAT64',
        value: 'FLOAT64',
      },
      rows,
    ),
} as const satisfies Readonly<Record<string, (coverage: CostCoverage) => FlatTable>>;

export type CoveragePart = keyof typeof COVERAGE_PARTS;
export const COVERAGE_PART_NAMES = Object.keys(COVERAGE_PARTS) as CoveragePart[];
