import { REPORT_ADS } from '../../models/costs/tables.ts';
import { REPORT_CREDITS } from '../../models/reports/tables.ts';
import { join, param, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { CostCoverage, PlatformConversions } from './coverage.ts';
import type { CoverageQuery } from './schema.ts';

/**
 * Why a platform's own number is another one than ours, as far as publications hold it:
 * theirs = ours + shared + rest. All null where the platform's number stands alone.
 */
export interface PlatformDifference extends PlatformConversions {
  /** Conversions with a click of the platform in the period on their path, whatever credit that click has. */
  readonly touched: number | null;
  /** Of those, what is credited to other touches: a platform counts the whole conversion. */
  readonly shared: number | null;
  /**
   * What the platform counts beyond the conversions that its clicks touched: views without a click, people whose click was not
   * seen or recognised, its own window and its own definition of a conversion. Below 0 where it counts fewer; null where it
   * states none.
   */
  readonly rest: number | null;
}

/** Sets the parts of the difference beside the conversions that platforms state, by date of the click. */
export async function platformDifferences(
  warehouse: Warehouse,
  { date_range, conversions }: Pick<CoverageQuery, 'date_range' | 'conversions'>,
  { platform_conversions: stated }: Pick<CostCoverage, 'platform_conversions'>,
): Promise<PlatformDifference[]> {
  if (stated.length === 0) return [];
  const rows = await warehouse.rows<{ platform: string; conversion: string; touched: number }>(
    sql`
    with facts as (
      select distinct conversion_name, conversion_id, ad_reference, ad_platform
      from ${table(REPORT_CREDITS.name)}
      where click_date between ${param(date_range.start_date, 'DATE')} and ${param(date_range.end_date, 'DATE')}
        and conversion_name in (${join(conversions.map((name) => sql`${name}`))}) and credit > 0
        and (ad_reference is not null or ad_platform is not null)
    )
    select
      coalesce(ads.ad_platform, facts.ad_platform) as platform, facts.conversion_name as conversion,
      count(distinct facts.conversion_id) as touched
    from facts
    left join ${table(REPORT_ADS.name)} as ads on ads.ad_reference = facts.ad_reference
    where coalesce(ads.ad_platform, facts.ad_platform) is not null
    group by 1, 2`,
    'conversions that platforms touched',
  );
  return stated.map((row) => {
    if (row.conversion === null || row.conversions === null) return { ...row, touched: null, shared: null, rest: null };
    const found = rows.find(({ platform, conversion }) => platform === row.platform && conversion === row.conversion);
    const touched = found?.touched ?? 0;
    return {
      ...row,
      touched,
      shared: touched - row.conversions,
      rest: row.platform_conversions === null ? null : row.platform_conversions - touched,
    };
  });
}
