import type { Tool } from '../tool.ts';
import { attributionModels } from './attribution-models.ts';
import { conversionRecords } from './conversion-records.ts';
import { conversions } from './conversions.ts';
import { costCoverage } from './cost-coverage.ts';
import { dimensionValues } from './dimension-values.ts';
import { dimensions } from './dimensions.ts';
import { explainChange } from './explain-change.ts';
import { funnel } from './funnel.ts';
import { identityStatistics } from './identity-statistics.ts';
import { metrics } from './metrics.ts';
import { reportChart } from './report-chart.ts';
import { reportTable } from './report-table.ts';
import { userJourney } from './user-journey.ts';

/** All tools, in the order in which they are listed. */
export const TOOLS: readonly Tool[] = [
  reportTable,
  reportChart,
  funnel,
  conversionRecords,
  userJourney,
  explainChange,
  costCoverage,
  identityStatistics,
  conversions,
  attributionModels,
  metrics,
  dimensions,
  dimensionValues,
];
