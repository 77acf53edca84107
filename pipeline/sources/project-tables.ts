import type { Config } from '../config/schema.ts';
import { sourceTable } from './sources.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';
import { FITTED_TABLES } from '../models/attribution/fitted-tables.ts';
import { attributionTables } from '../models/attribution/tables.ts';
import { VISIT_TABLES } from '../models/attribution/visits/tables.ts';
import { DERIVE_TABLES } from '../models/conversions/derive/tables.ts';
import { SIMPLE_TABLES } from '../models/conversions/simple/tables.ts';
import { CONVERSION_TABLES } from '../models/conversions/tables.ts';
import { COST_TABLES, stagedCosts } from '../models/costs/tables.ts';
import { DEFINITIONS } from '../models/definitions.ts';
import { ERASURE_TABLES } from '../models/erasures/tables.ts';
import { EVENT_TABLES } from '../models/events/tables.ts';
import { FUNNEL_TABLES } from '../models/funnels/tables.ts';
import { IDENTITY_TABLES } from '../models/identity/tables.ts';
import { STAGED_RATES } from '../models/rates/tables.ts';
import { REPORT_TABLES } from '../models/reports/tables.ts';
import { SESSION_TABLES } from '../models/sessions/tables.ts';

/** Tables that look the same in every project. Those named staged_* hold what a step needs only while it runs. */
export const STATIC_TABLES: readonly TableDefinition[] = [
  DEFINITIONS,
  ...ERASURE_TABLES,
  ...EVENT_TABLES,
  ...SESSION_TABLES,
  ...IDENTITY_TABLES,
  ...CONVERSION_TABLES,
  ...SIMPLE_TABLES,
  ...DERIVE_TABLES,
  STAGED_RATES,
  ...FITTED_TABLES,
  ...VISIT_TABLES,
  ...COST_TABLES,
  ...REPORT_TABLES,
  ...FUNNEL_TABLES,
];

/** All tables of a project: what `Warehouse.migrate` creates. */
export function projectTables(config: Config): TableDefinition[] {
  const sources = Object.entries(config.sources).map(([name, source]) => sourceTable(name, source));
  return [...STATIC_TABLES, ...attributionTables(config), ...config.costs.map((_, i) => stagedCosts(i)), ...sources];
}
