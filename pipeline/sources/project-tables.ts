import type { Config } from '../config/schema.ts';
import { sourceTable } from './sources.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';
import { ATTRIBUTION } from '../models/attribution/tables.ts';
import { CONVERSIONS, REJECTED_CONVERSIONS, STAGED_CONVERSIONS } from '../models/conversions/tables.ts';
import { COSTS, stagedCosts } from '../models/costs/tables.ts';
import { DEFINITIONS } from '../models/definitions.ts';
import { ERASURE_TABLES } from '../models/erasures/tables.ts';
import { EVENT_TABLES } from '../models/events/tables.ts';
import { IDENTITY_TABLES } from '../models/identity/tables.ts';
import { REPORT_COSTS, REPORT_CREDITS, REPORT_SESSIONS } from '../models/reports/tables.ts';
import { SESSION_TABLES } from '../models/sessions/tables.ts';

/** Tables that every project has. Those named staged_* hold what a step needs only while it runs. */
export const STATIC_TABLES: readonly TableDefinition[] = [
  DEFINITIONS,
  ...ERASURE_TABLES,
  ...EVENT_TABLES,
  ...SESSION_TABLES,
  ...IDENTITY_TABLES,
  CONVERSIONS,
  REJECTED_CONVERSIONS,
  STAGED_CONVERSIONS,
  ATTRIBUTION,
  COSTS,
  REPORT_SESSIONS,
  REPORT_CREDITS,
  REPORT_COSTS,
];

/** All tables of a project: what `Warehouse.migrate` creates. */
export function projectTables(config: Config): TableDefinition[] {
  const sources = Object.entries(config.sources).map(([name, source]) => sourceTable(name, source));
  return [...STATIC_TABLES, ...config.costs.map((_, i) => stagedCosts(i)), ...sources];
}
