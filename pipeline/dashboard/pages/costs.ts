import type { CostCoverage } from '../../query/coverage/coverage.ts';
import { costCoverage } from '../../query/coverage/coverage.ts';
import { campaignsCsv, sessionsWithoutCostCsv } from '../../query/coverage/csv.ts';
import { platformDifferences } from '../../query/coverage/differences.ts';
import { type NotAttributed, notAttributed } from '../../query/coverage/not-attributed.ts';
import { type CoverageQuery, parseCoverageQuery } from '../../query/coverage/schema.ts';
import { UserError } from '../../config/user-error.ts';
import { filterForm } from '../components/filter-form.ts';
import { emptyState, section } from '../components/section.ts';
import { type Tile, tileNote, tiles } from '../components/tiles.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { Page, PageContent, PageContext } from '../page.ts';
import { address } from '../state.ts';
import { differencesTable, notAttributedTable, platformsTable, sessionsTable, unmatchedTable, waysTable } from './costs-tables.ts';

/** How far costs, sessions and conversions belong together: what is missing in every figure that divides by one of them. */
export const costs: Page = { path: '/costs', label: 'Costs', render };

const CSV_TABLES = ['campaigns', 'sessions'] as const;

async function render(context: PageContext): Promise<PageContent> {
  const { config, params, path, modelLabel, warehouse, publication } = context;
  const query = queryOf(context);
  const state = { ...context.state, conversions: query.conversions, models: query.models };
  const form = filterForm({ path, params, state, config, modelLabel, conversions: 'many', models: 'one', comparison: false });
  const coverage = await costCoverage(warehouse, publication, query);
  const wanted = csvTable(params);
  const csv = () => (wanted === 'sessions' ? sessionsWithoutCostCsv(coverage) : campaignsCsv(coverage));
  const [differences, unknown] = await Promise.all([platformDifferences(warehouse, query, coverage), notAttributed(warehouse, query)]);
  const href = (name: (typeof CSV_TABLES)[number]) => address(path, params, { format: 'csv', table: name });
  const { platforms, ways, campaigns } = coverage;
  const nothing = platforms.length === 0 && ways.length === 0;
  const body = html`${form}${tiles(tilesOf(context, coverage, unknown))}
  ${
    nothing
      ? html`<section class="panel">${emptyState('No ad costs and no sessions from ads in these dates', howToLoad())}</section>`
      : html`${section({ title: 'Ad platforms', csv: href('campaigns'), body: platformsTable(context, platforms) })}
          ${differences.length === 0 ? NOTHING : section({ title: 'Our numbers beside those of the platforms', body: differencesTable(context, differences, platforms) })}
          ${section({ title: 'Sessions from ads without a cost', csv: href('sessions'), body: sessionsTable(context, coverage.sessions_without_cost) })}
          <div class="columns">
            ${section({ title: 'Cost that no session came from', csv: href('campaigns'), body: unmatchedTable(context, campaigns) })}
            ${section({ title: 'How sessions from ads were matched', body: waysTable(context, ways) })}
          </div>`
  }
  ${unknown.length === 0 ? NOTHING : section({ title: 'Conversions that are not attributed', body: notAttributedTable(context, unknown) })}`;
  return { title: 'Costs and coverage', body, csv };
}

/** The conversions that the address names, else those of the funnel; one model. */
function queryOf({ state, params, config }: PageContext): CoverageQuery {
  return parseCoverageQuery(
    {
      date_range: state.range,
      ...(params.has('conversion') && { conversions: [...state.conversions] }),
      ...(params.has('model') && { models: state.models.slice(0, 1) }),
    },
    config,
  );
}

function csvTable(params: URLSearchParams): (typeof CSV_TABLES)[number] {
  const given = params.get('table') ?? 'campaigns';
  const found = CSV_TABLES.find((name) => name === given);
  if (found === undefined) throw new UserError(`table=${given}: expected one of ${CSV_TABLES.join(', ')}`, { exitCode: 2 });
  return found;
}

function howToLoad(): Html {
  return html`Choose a longer period. Costs come from files or tables that <code>costs</code> in <code>touchtrail.config.ts</code> names
    (docs/ad-costs.md), with the next <code>npx touchtrail run</code>.`;
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

function tilesOf({ figure }: PageContext, { platforms, sessions_without_cost }: CostCoverage, unknown: readonly NotAttributed[]): Tile[] {
  const cost = total(platforms.map((row) => row.cost ?? 0));
  const unmatched = total(platforms.map((row) => row.unmatched_cost ?? 0));
  const without = total(sessions_without_cost.map((row) => row.sessions));
  const matched = total(platforms.map((row) => row.matched_sessions));
  const all = total(unknown.map((row) => row.conversions));
  const missing = total(unknown.map((row) => row.not_attributed));
  const part = (share: number, whole: number, words: string) => (whole > 0 ? tileNote(`${figure(share / whole, 'percent')} ${words}`) : {});
  return [
    { label: 'Ad cost', value: figure(cost, 'money', true) },
    { label: 'Cost that no session came from', value: figure(unmatched, 'money', true), ...part(unmatched, cost, 'of the cost') },
    { label: 'Sessions from ads with a cost', value: figure(matched, 'count') },
    {
      label: 'Sessions from ads without a cost',
      value: figure(without, 'count'),
      ...part(without, without + matched, 'of sessions from ads'),
    },
    {
      label: 'Conversions not attributed',
      value: figure(missing, 'decimal', Number.isInteger(missing)),
      ...part(missing, all, 'of conversions'),
    },
  ];
}
