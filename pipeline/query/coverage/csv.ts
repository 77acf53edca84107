import { flatCsv } from '../export/csv.ts';
import type { CostCoverage } from './coverage.ts';
import { COVERAGE_PARTS } from './flat.ts';

/** The campaigns with their cost and their sessions as CSV. */
export const campaignsCsv = (coverage: CostCoverage): string => flatCsv(COVERAGE_PARTS.campaigns(coverage));
/** The sessions from ads that no cost belongs to as CSV. */
export const sessionsWithoutCostCsv = (coverage: CostCoverage): string => flatCsv(COVERAGE_PARTS.sessions(coverage));
