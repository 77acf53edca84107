import { toCsv } from '../export/csv.ts';
import type { CostCoverage } from './coverage.ts';

const CAMPAIGNS = ['platform', 'account', 'campaign', 'campaign_id', 'cost', 'clicks', 'sessions'] as const;

/** The campaigns with their cost and their sessions as CSV. */
export function campaignsCsv({ campaigns }: Pick<CostCoverage, 'campaigns'>): string {
  return toCsv(
    CAMPAIGNS,
    campaigns.map((row) => CAMPAIGNS.map((name) => row[name])),
  );
}

const SESSIONS = ['ad_platform', 'source', 'medium', 'campaign', 'campaign_id', 'matched_by', 'sessions'] as const;

/** The sessions from ads that no cost belongs to as CSV. */
export function sessionsWithoutCostCsv({ sessions_without_cost: rows }: Pick<CostCoverage, 'sessions_without_cost'>): string {
  return toCsv(
    SESSIONS,
    rows.map((row) => SESSIONS.map((name) => row[name])),
  );
}
