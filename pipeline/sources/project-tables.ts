import type { Config } from '../config/schema.ts';
import { sourceTable } from './sources.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';
import { ATTRIBUTION } from '../models/attribution/tables.ts';
import { CONVERSIONS, REJECTED_CONVERSIONS, STAGED_CONVERSIONS } from '../models/conversions/tables.ts';
import { COSTS, stagedCosts } from '../models/costs/tables.ts';
import { DELIVERIES, EVENTS, EVENTS_RAW, FAILED_EVENTS } from '../models/events/tables.ts';
import {
  IDENTITIES,
  IDENTITY_EDGES,
  IDENTITY_KEYS,
  STAGED_EDGES,
  STAGED_MERGES,
  STAGED_REFUSALS,
  USER_IDENTITIES,
} from '../models/identity/tables.ts';
import { REPORT_COSTS, REPORT_CREDITS, REPORT_SESSIONS } from '../models/reports/tables.ts';
import { SESSIONS } from '../models/sessions/tables.ts';

/** Tables that every project has. Those named staged_* hold what a step needs only while it runs. */
export const STATIC_TABLES: readonly TableDefinition[] = [
  EVENTS_RAW,
  EVENTS,
  FAILED_EVENTS,
  DELIVERIES,
  SESSIONS,
  IDENTITY_KEYS,
  IDENTITY_EDGES,
  IDENTITIES,
  USER_IDENTITIES,
  STAGED_EDGES,
  STAGED_REFUSALS,
  STAGED_MERGES,
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
