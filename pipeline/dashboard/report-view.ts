import { type ReportResult, runReport } from '../query/result.ts';
import { parseReportQuery, type ReportQueryInput } from '../query/schema.ts';
import type { PageContext } from './page.ts';

/** What a page asks beside what its address says. */
export type Asked = Partial<ReportQueryInput>;

/** The query of a view: what the address says of period, comparison, time basis and filters, and what the page adds. */
export function queryOf({ state }: Pick<PageContext, 'state'>, asked: Asked): ReportQueryInput {
  const dated = (asked.dimensions ?? []).includes('date');
  return {
    date_range: state.range,
    ...(state.comparisonRange && !dated && { comparison_date_range: state.comparisonRange }),
    time_basis: state.basis,
    ...(state.filters.length > 0 && { filters: { and: [...state.filters] } }),
    ...asked,
  };
}

/** Answers it: the same schema, builder and reader as of the command line and MCP. */
export function reportOf(context: PageContext, asked: Asked): Promise<ReportResult> {
  const { warehouse, publication, config } = context;
  return runReport(warehouse, publication, parseReportQuery(queryOf(context, asked), config));
}
