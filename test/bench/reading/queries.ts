import type { ReportQueryInput } from '../../../pipeline/query/schema.ts';
import { FIRST_DAY, LAST_DAY, MODELS } from './world.ts';

/** A report as a marketer asks it, and whether distinct persons are counted for it. */
export interface AskedReport {
  readonly name: string;
  readonly query: ReportQueryInput;
  readonly isDistinct: boolean;
}

const YEAR = { start_date: FIRST_DAY, end_date: LAST_DAY };
const QUARTER = { start_date: '2026-04-01', end_date: LAST_DAY };
const MONTH = { start_date: '2026-06-01', end_date: LAST_DAY };
const won = (...models: readonly string[]) => models.map((model) => ({ conversion: 'closed_won', model }));
const TWO = won('first_click', 'last_significant_click');

const additive: Readonly<Record<string, ReportQueryInput>> = {
  'the default report': {
    date_range: MONTH,
    metrics: ['sessions', 'cost', 'conversions', 'conversion_value', 'roas'],
    attributed_conversions: TWO,
  },
  'the same of the year': {
    date_range: YEAR,
    metrics: ['sessions', 'cost', 'conversions', 'conversion_value', 'roas'],
    attributed_conversions: TWO,
  },
  'sessions by channel': { date_range: YEAR, metrics: ['sessions'] },
  'sessions by day': { date_range: YEAR, metrics: ['sessions'], dimensions: ['date'] },
  'months by channel': {
    date_range: YEAR,
    dimensions: ['date', 'channel'],
    interval: 'month',
    metrics: ['sessions', 'conversions', 'conversion_value'],
    attributed_conversions: TWO,
  },
  'source / medium': { date_range: YEAR, dimensions: ['source_medium'], metrics: ['sessions', 'conversions'], attributed_conversions: TWO },
  campaigns: {
    date_range: YEAR,
    dimensions: ['campaign'],
    metrics: ['sessions', 'cost', 'conversions', 'cpa', 'roas'],
    attributed_conversions: won('linear'),
  },
  'ads of a quarter': {
    date_range: QUARTER,
    dimensions: ['ad_platform', 'campaign', 'ad_group', 'ad'],
    metrics: ['sessions', 'cost', 'conversions'],
    attributed_conversions: won('last_click'),
  },
  'landing pages': {
    date_range: YEAR,
    dimensions: ['landing_path'],
    metrics: ['sessions', 'conversions', 'conversion_rate'],
    attributed_conversions: won('last_click'),
    limit: 100,
  },
  'keywords of a channel': {
    date_range: YEAR,
    dimensions: ['term'],
    metrics: ['sessions', 'conversions'],
    attributed_conversions: won('last_click'),
    filters: { and: [{ field: 'channel', operator: 'equals', value: 'Paid Search' }] },
    limit: 100,
  },
  'a country by device and browser': {
    date_range: YEAR,
    dimensions: ['device_type', 'browser'],
    metrics: ['sessions', 'conversions'],
    attributed_conversions: won('first_click'),
    filters: { and: [{ field: 'country', operator: 'in', value: ['DE', 'AT'] }] },
  },
  'new and returning': {
    date_range: YEAR,
    dimensions: ['new_returning'],
    metrics: ['sessions', 'conversions'],
    attributed_conversions: TWO,
  },
  'a dimension of the config': {
    date_range: YEAR,
    dimensions: ['custom.brand'],
    metrics: ['sessions', 'cost', 'conversions'],
    attributed_conversions: TWO,
  },
  'campaigns that contain a word': {
    date_range: YEAR,
    dimensions: ['campaign'],
    metrics: ['sessions', 'conversions'],
    attributed_conversions: won('linear'),
    filters: { and: [{ field: 'campaign', operator: 'contains', value: '12' }] },
  },
  'nine models side by side': { date_range: YEAR, metrics: ['conversions', 'conversion_value'], attributed_conversions: won(...MODELS) },
  'qualified leads': {
    date_range: QUARTER,
    metrics: ['conversions', 'qualified_conversions', 'qualification_rate', 'cost_per_qualified'],
    attributed_conversions: [{ conversion: 'lead', model: 'last_significant_click' }],
  },
  'the quarter against the one before': {
    date_range: QUARTER,
    comparison_date_range: { start_date: '2026-01-01', end_date: '2026-03-31' },
    metrics: ['sessions', 'cost', 'conversions', 'roas'],
    attributed_conversions: won('linear'),
  },
  'return by click time': {
    date_range: YEAR,
    dimensions: ['channel'],
    metrics: ['total_cost', 'profit', 'roi'],
    attributed_conversions: won('linear'),
    time_basis: 'click_time',
  },
};

const distinct: Readonly<Record<string, ReportQueryInput>> = {
  'users by channel': { date_range: YEAR, metrics: ['sessions', 'users'] },
  'users by campaign': { date_range: YEAR, dimensions: ['campaign'], metrics: ['users'] },
  'users by month': { date_range: YEAR, dimensions: ['date'], interval: 'month', metrics: ['users'] },
  'users of landing pages': { date_range: YEAR, dimensions: ['landing_path'], metrics: ['users'], limit: 100 },
  'converted users': {
    date_range: YEAR,
    metrics: ['users', 'converted_users', 'conversions'],
    attributed_conversions: won('last_click', 'linear'),
  },
};

const asked = (queries: Readonly<Record<string, ReportQueryInput>>, isDistinct: boolean): AskedReport[] =>
  Object.entries(queries).map(([name, query]) => ({ name, query, isDistinct }));

/** The mix of reports that is measured. */
export const REPORTS: readonly AskedReport[] = [...asked(additive, false), ...asked(distinct, true)];
