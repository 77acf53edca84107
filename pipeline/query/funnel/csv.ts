import { flatCsv } from '../export/csv.ts';
import type { AdFunnelResult } from './ads.ts';
import type { CohortResult } from './cohort-result.ts';
import type { EventFunnelResult } from './event-funnel.ts';
import { adFunnelTable, cohortTable, eventFunnelTable, funnelTable } from './flat.ts';
import type { FunnelResult } from './stages.ts';

// Funnels as CSV.

/** Every stage by its own attribution. */
export const funnelCsv = (result: FunnelResult): string => flatCsv(funnelTable(result));
/** Leads through the stages. */
export const cohortCsv = (result: CohortResult): string => flatCsv(cohortTable(result));
/** From impressions to conversions. */
export const adFunnelCsv = (result: AdFunnelResult): string => flatCsv(adFunnelTable(result));
/** Steps through the site. */
export const eventFunnelCsv = (result: EventFunnelResult): string => flatCsv(eventFunnelTable(result));
