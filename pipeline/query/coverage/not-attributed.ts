import { SELF_REPORTED } from '../../models/attribution/tables.ts';
import { REPORT_CREDITS } from '../../models/reports/tables.ts';
import { join, param, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { CoverageQuery } from './schema.ts';

/** How many conversions no touch is known of, and why. */
export interface NotAttributed {
  readonly conversion: string;
  /** All of the period, by their date. */
  readonly conversions: number;
  readonly not_attributed: number;
  /** The most frequent first: before_tracking, no_identifier, unknown_identifier, no_session_in_window, no_consent. */
  readonly reasons: readonly { readonly reason: string; readonly conversions: number }[];
}

/**
 * Conversions of the period without a credited session by reason, under the first model of the query: models differ in their
 * look-back windows only. What people said themselves is attributed.
 */
export async function notAttributed(
  warehouse: Warehouse,
  { date_range, conversions, models }: Pick<CoverageQuery, 'date_range' | 'conversions' | 'models'>,
): Promise<NotAttributed[]> {
  const [model] = models;
  if (model === undefined || conversions.length === 0) return [];
  const rows = await warehouse.rows<{ conversion: string; reason: string | null; conversions: number }>(
    sql`
    select conversion_name as conversion, nullif(reason, ${SELF_REPORTED}) as reason, sum(credit) / 1e9 as conversions
    from ${table(REPORT_CREDITS.name)}
    where conversion_date between ${param(date_range.start_date, 'DATE')} and ${param(date_range.end_date, 'DATE')}
      and conversion_name in (${join(conversions.map((name) => sql`${name}`))}) and model = ${model}
    group by 1, 2
    order by conversions desc nulls last, reason nulls first`,
    'conversions that are not attributed',
  );
  return conversions.map((conversion) => {
    const own = rows.filter((row) => row.conversion === conversion);
    const reasons = own.flatMap(({ reason, conversions: count }) => (reason === null ? [] : [{ reason, conversions: count }]));
    return { conversion, conversions: total(own), not_attributed: total(reasons), reasons };
  });
}

const total = (parts: readonly { readonly conversions: number }[]): number => parts.reduce((sum, part) => sum + part.conversions, 0);
