import { dayText } from '../../query/format.ts';
import type { CostCoverage } from '../../query/coverage/coverage.ts';
import { COVERAGE_PARTS, type CoveragePart } from '../../query/coverage/flat.ts';
import { OWN_COUNT, wayText } from '../../query/coverage/labels.ts';
import { EMPTY, figureFormat, timeFormat } from './format.ts';
import { NOT_SET, words } from './labels.ts';
import { renderTable, type TableColumn } from './table.ts';
import { terminalText } from './text.ts';
import type { TableView } from './view.ts';

/** So many rows of each table are shown; `--json` and `--csv` have all. */
const SHOWN = 20;

const left = (...headers: readonly string[]): TableColumn[] => headers.map((header) => ({ header, align: 'left' }));
const right = (...headers: readonly string[]): TableColumn[] => headers.map((header) => ({ header, align: 'right' }));

/** How far costs and sessions belong together. @param part which of its tables a file holds. */
export function coverageView(coverage: CostCoverage, part: CoveragePart = 'campaigns'): TableView {
  return {
    data: coverage,
    table: () => COVERAGE_PARTS[part](coverage),
    text: ({ width, emphasis }) => {
      const { meta } = coverage;
      const figure = figureFormat(meta.currency);
      const money = (value: number | null) => figure(value, 'money');
      const count = (value: number | null) => figure(value, 'count');
      const table = (title: string, columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string => {
        if (rows.length === 0) return '';
        const hidden = rows.length > SHOWN ? emphasis.dim(`${SHOWN} of ${rows.length} rows shown; all with --json\n`) : '';
        return `\n${emphasis.bold(title)}\n${renderTable({ columns, rows: rows.slice(0, SHOWN), width, emphasis })}${hidden}`;
      };
      const { start_date, end_date } = meta.date_range;
      const facts = [
        `${dayText(start_date)} – ${dayText(end_date)}`,
        meta.time_zone,
        meta.currency,
        `published ${timeFormat(meta.time_zone).time(meta.published_at)}`,
      ];
      const unmatched = coverage.campaigns.filter(({ sessions }) => sessions === 0);
      return [
        `${emphasis.bold(terminalText(`${meta.project} · Costs and sessions`))}\n${emphasis.dim(terminalText(facts.join(' · ')))}\n`,
        table(
          'Platforms',
          [...left('Platform'), ...right('Cost', 'Clicks', 'Sessions', 'Sessions of known campaigns', 'Cost without sessions')],
          coverage.platforms.map((row) => [
            row.platform,
            money(row.cost),
            count(row.clicks),
            count(row.sessions),
            count(row.matched_sessions),
            money(row.unmatched_cost),
          ]),
        ),
        table(
          'How sessions from ads were matched',
          [...left('By'), ...right('Sessions', 'Share')],
          coverage.ways.map((row) => [wayText(row), count(row.sessions), figure(row.share, 'percent')]),
        ),
        table(
          'Cost without sessions',
          [...left('Platform', 'Account', 'Campaign', 'Id'), ...right('Cost', 'Clicks')],
          unmatched.map((row) => [
            row.platform,
            row.account ?? NOT_SET,
            row.campaign ?? NOT_SET,
            row.campaign_id ?? NOT_SET,
            money(row.cost),
            count(row.clicks),
          ]),
        ),
        table(
          'Sessions from ads without cost',
          [...left('Platform', 'Source / medium', 'utm_campaign', 'Campaign id', 'Why'), ...right('Sessions')],
          coverage.sessions_without_cost.map((row) => [
            row.ad_platform ?? EMPTY,
            `${row.source} / ${row.medium}`,
            row.campaign ?? NOT_SET,
            row.campaign_id ?? NOT_SET,
            wayText(row),
            count(row.sessions),
          ]),
        ),
        table(
          'Conversions of the platforms beside ours, by date of the click',
          [...left('Platform', 'Conversion', 'Model'), ...right('Theirs', 'Ours', 'Their value', 'Our value')],
          coverage.platform_conversions.map((row) => [
            row.platform,
            row.conversion ?? OWN_COUNT,
            row.model === null ? EMPTY : words(row.model),
            figure(row.platform_conversions, 'decimal'),
            figure(row.conversions, 'decimal'),
            money(row.platform_value),
            money(row.value),
          ]),
        ),
      ].join('');
    },
  };
}
