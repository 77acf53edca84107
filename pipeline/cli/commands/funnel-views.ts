import { UserError } from '../../config/user-error.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import type { DateRange } from '../../query/dates.ts';
import { parseAdFunnelQuery, runAdFunnel } from '../../query/funnel/ads.ts';
import { runCohort } from '../../query/funnel/cohort.ts';
import { parseCohortQuery } from '../../query/funnel/cohort-schema.ts';
import type { FlatTable } from '../../query/export/flat.ts';
import { parseEventFunnelQuery, runEventFunnel } from '../../query/funnel/event-funnel.ts';
import { adFunnelTable, cohortTable, eventFunnelTable, funnelTable } from '../../query/funnel/flat.ts';
import { parseFunnelQuery, runFunnel } from '../../query/funnel/stages.ts';
import type { Publication } from '../../query/publication.ts';
import type { ResultMeta } from '../../query/result.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { renderAdFunnel } from '../render/funnel-ads.ts';
import { renderCohort } from '../render/funnel-cohort.ts';
import { renderEventFunnel } from '../render/funnel-events.ts';
import { renderFunnel } from '../render/funnel.ts';
import type { Screen } from '../render/report.ts';
import type { TableView } from '../render/view.ts';
import { comparisonOf } from './comparison.ts';
import { conditionOf } from './filters.ts';
import { countOf, listOf, timeBasisOf, usage, withPeriodNote } from './period.ts';

/** What the options of `touchtrail funnel` say, beside the period. */
export interface FunnelOptions {
  readonly view: string;
  readonly name?: string;
  readonly by?: string;
  readonly interval?: string;
  readonly stages?: string;
  readonly split?: string;
  readonly conversion?: string;
  readonly model?: string;
  readonly basis?: string;
  readonly filter?: readonly string[];
  readonly compare?: string;
  readonly limit?: string;
  readonly asOf?: string;
}

/** What a view is asked, and of what. */
export interface Asked {
  readonly options: FunnelOptions;
  readonly range: DateRange;
  /** Why the period is not the one that a reader would expect. */
  readonly note: string | undefined;
  readonly warehouse: Warehouse;
  readonly publication: Publication;
  /** Whether the answer is for a program: without a limit it has all rows. */
  readonly forProgram: boolean;
}

/** An answer with the ways to write it. */
export interface Answer {
  readonly result: { readonly meta: ResultMeta; readonly rows: readonly unknown[] };
  readonly answer: TableView;
}

type View = (asked: Asked) => Promise<Answer>;

/** Every stage by its own attribution. */
const stages: View = async (asked) => {
  const { options, warehouse, publication } = asked;
  const { config } = publication;
  const query = parseFunnelQuery(
    { ...common(asked), dimension: options.by ?? 'channel', model: modelOf(options, config), ...basis(options) },
    config,
  );
  return answer(await runFunnel(warehouse, publication, query), funnelTable, renderFunnel, asked);
};

/** The leads of the period through all stages. */
const cohort: View = async (asked) => {
  const { options, warehouse, publication } = asked;
  const { config } = publication;
  const query = parseCohortQuery(
    {
      ...common(asked),
      dimension: dimensionOf(options),
      model: modelOf(options, config),
      ...basis(options),
      ...(options.interval !== undefined && { interval: options.interval }),
      ...(options.stages !== undefined && { stages: listOf(options.stages) }),
      ...(options.split !== undefined && { split_by: options.split }),
    },
    config,
  );
  return answer(await runCohort(warehouse, publication, query), cohortTable, renderCohort, asked);
};

/** From impressions to conversions. */
const ads: View = async (asked) => {
  const { options, warehouse, publication } = asked;
  const { config } = publication;
  const { filters, ...rest } = common(asked);
  const only = Object.fromEntries((filters?.and ?? []).map((condition) => [condition.field, onlyOf(condition)]));
  const query = parseAdFunnelQuery(
    {
      ...rest,
      ...only,
      ...(options.by !== undefined && { dimension: options.by }),
      conversion: options.conversion ?? config.funnel.at(-1) ?? config.conversions.at(-1)?.name ?? '',
      model: modelOf(options, config),
      ...basis(options),
    },
    config,
  );
  return answer(await runAdFunnel(warehouse, publication, query), adFunnelTable, renderAdFunnel, asked);
};

/** Steps through the site. */
const events: View = async (asked) => {
  const { options, warehouse, publication } = asked;
  const { config } = publication;
  const query = parseEventFunnelQuery(
    { ...common(asked), dimension: dimensionOf(options), name: options.name ?? config.eventFunnels[0]?.name ?? '' },
    config,
  );
  return answer(await runEventFunnel(warehouse, publication, query), eventFunnelTable, renderEventFunnel, asked);
};

/** Every view with the options that mean something to it, beside those that all know. */
const VIEWS: Readonly<Record<string, { readonly run: View; readonly takes: readonly (keyof FunnelOptions)[] }>> = {
  stages: { run: stages, takes: ['model', 'basis'] },
  cohort: { run: cohort, takes: ['model', 'basis', 'interval', 'stages', 'split'] },
  ads: { run: ads, takes: ['model', 'basis', 'conversion'] },
  events: { run: events, takes: ['name'] },
};
export const VIEW_NAMES = Object.keys(VIEWS);
const OF_VIEWS = ['name', 'interval', 'stages', 'split', 'conversion', 'model', 'basis'] as const;

/** @throws UserError (exit code 2) for a view that is none, and for an option that has no meaning there. */
export function viewOf(options: FunnelOptions): View {
  const view = Object.hasOwn(VIEWS, options.view) ? VIEWS[options.view]! : undefined;
  if (!view) throw usage(`--view ${options.view}: expected one of ${VIEW_NAMES.join(', ')}`);
  const idle = OF_VIEWS.find((name) => options[name] !== undefined && !view.takes.includes(name));
  if (idle === undefined) return view.run;
  const others = VIEW_NAMES.filter((name) => VIEWS[name]!.takes.includes(idle)).map((name) => `--view ${name}`);
  throw usage(`--${idle} means nothing to --view ${options.view}: it is for ${others.join(' and ')}`);
}

function common({ options, range, forProgram }: Asked) {
  return {
    ...(options.asOf !== undefined && { as_of: options.asOf }),
    date_range: range,
    ...(options.compare !== undefined && { comparison_date_range: comparisonOf(options.compare, range) }),
    ...(options.filter && { filters: { and: options.filter.map(conditionOf) } }),
    limit: options.limit === undefined ? (forProgram ? 100_000 : 50) : countOf('--limit', options.limit),
  };
}

const basis = ({ basis: given }: FunnelOptions) => (given === undefined ? {} : { time_basis: timeBasisOf(given) });
const dimensionOf = ({ by }: FunnelOptions) => (by === 'total' ? null : (by ?? 'channel'));

function modelOf({ model }: FunnelOptions, { models }: PublishedConfig): string | undefined {
  return model ?? (models.includes('first_click') ? 'first_click' : models[0]);
}

/** The ad funnel is narrowed to one platform or campaign; the platforms know of nothing else. */
function onlyOf(condition: ReturnType<typeof conditionOf>): string {
  if (['ad_platform', 'campaign'].includes(condition.field) && condition.operator === 'equals') return condition.value;
  throw new UserError(`--filter on ${condition.field}: the ad funnel takes ad_platform=NAME and campaign=NAME`, { exitCode: 2 });
}

function answer<Result extends Answer['result']>(
  bare: Result,
  table: (result: Result) => FlatTable,
  text: (result: Result, screen: Screen) => string,
  { note }: Asked,
): Answer {
  const result = withPeriodNote(bare, note);
  return { result, answer: { data: result, text: (screen) => text(result, screen), table: () => table(result) } };
}
