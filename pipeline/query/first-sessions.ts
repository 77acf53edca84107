import { PREVIOUS_BY, previousDate, REPORT_SESSIONS, REPORT_SOURCES } from '../models/reports/tables.ts';
import { param, raw, sql, type Sql, table } from '../warehouse/sql.ts';
import type { DateRange } from './dates.ts';
import { dimensionSource, dimensionSql, type DimensionSetting, type FactTable, joinsSql, sourceColumn } from './dimension-sql.ts';
import type { DimensionName } from './dimensions.ts';
import { factFilter } from './filters.ts';
import type { ReportQuery } from './schema.ts';

/** A report as far as it decides how persons are counted. */
interface Asked {
  readonly query: ReportQuery;
  readonly dialect: DimensionSetting['dialect'];
  readonly config: DimensionSetting['config'];
  readonly dimensions: readonly DimensionName[];
}

type PreviousBy = (typeof PREVIOUS_BY)[number];

/** What sessions of earlier versions say, where they say it at all. */
const EARLIER: readonly string[] = ['channel'];

/** How sessions tell which of them is the first of its person in a group. */
export interface Told {
  readonly by: PreviousBy | undefined;
  /** Keys of the sources whose sessions do not tell it: of these persons must be told apart. Undefined: all of them tell. */
  readonly except?: Sql;
}

/**
 * Whether sessions say which of them is the first of its person in the groups of a report: there are as many of these as persons,
 * and to count them takes a fraction of telling all persons apart. A session says when its person came before, overall and of
 * the same value of common dimensions.
 * @returns undefined where they do not: by other dimensions or several, or where a filter leaves out sessions before.
 */
export function toldBySessions(facts: FactTable, { query, dialect, config, dimensions }: Asked): Told | undefined {
  const setting: DimensionSetting = { dialect, config, interval: query.interval };
  if (facts.table !== REPORT_SESSIONS || !config.hasPreviousDates || factFilter(query.filters, facts, setting)) return undefined;
  const [by, ...others] = dimensions.filter((name) => name !== 'date');
  if (by === undefined) return { by };
  if (others.length > 0 || !isPreviousBy(by) || !(config.previousDatesBy ?? EARLIER).includes(by)) return undefined;
  if (by !== 'campaign') return { by };
  return config.hasSourceKeys ? { by, except: namedOtherwise(facts, setting) } : undefined;
}

const isPreviousBy = (name: DimensionName): name is PreviousBy => (PREVIOUS_BY as readonly string[]).includes(name);

/** Which sessions are the first of their person in the group and in a period: those whose person came before neither. */
export function firstSessions(range: DateRange, facts: FactTable, { by }: Told, { query, dialect, config, dimensions }: Asked): Sql {
  const previous = raw(`facts.${previousDate(by)}`);
  const date = () => dimensionSql('date', facts, { dialect, config, interval: query.interval });
  const beforeGroup = dimensions.includes('date') ? sql` or ${previous} < ${date()}` : sql``;
  return sql`(${previous} is null or ${previous} < ${param(range.start_date, 'DATE')}${beforeGroup})`;
}

/**
 * Keys of the sources whose campaign the costs give another name, and of those that are called like one of them before or after:
 * sessions of one name in a report are then not those that a session calls the same.
 */
function namedOtherwise(facts: FactTable, setting: DimensionSetting): Sql {
  const { sql: name, joins } = dimensionSource('campaign', facts, setting);
  const isChanged = raw('name is not null and (campaign is null or campaign <> name)');
  return sql`
    with named as (
      select sources.source_key, sources.campaign, ${name(sourceColumn)} as name
      from ${table(REPORT_SOURCES.name)} as sources
      ${joinsSql(new Set(joins), raw('sources.ad_reference'))}
    )
    select source_key
    from named
    where coalesce(name, '') in (
      select coalesce(campaign, '') from named where ${isChanged}
      union distinct
      select name from named where ${isChanged}
    )`;
}
