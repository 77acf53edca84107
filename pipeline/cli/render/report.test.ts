import { describe, expect, test } from 'vitest';
import { parseReportQuery, type ReportQueryInput } from '../../query/schema.ts';
import { runReport } from '../../query/result.ts';
import { openWorld, PUBLICATION } from '../../query/testing/world.ts';
import { reportCsv } from '../../query/export/csv.ts';
import { renderReport } from './report.ts';
import { PLAIN } from './text.ts';

const RANGE = { start_date: '2026-01-01', end_date: '2026-06-30' };
const won = (model: string) => ({ conversion: 'closed_won', model });

async function report(query: Partial<ReportQueryInput>) {
  const world = await openWorld();
  const result = await runReport(world, PUBLICATION, parseReportQuery({ date_range: RANGE, ...query }, PUBLICATION.config));
  await world.close();
  return result;
}
const lines = async (query: Partial<ReportQueryInput>, width = 100) =>
  renderReport(await report(query), PUBLICATION.config.conversions, { width, emphasis: PLAIN }).split('\n');

describe('a report on a terminal', () => {
  test('says what it shows, sets models side by side, and writes — where there is nothing', async () => {
    const query = {
      metrics: ['sessions', 'cost', 'conversions', 'conversion_value', 'roas'] as ReportQueryInput['metrics'],
      attributed_conversions: [won('first_click'), won('last_click')],
    };
    expect(await lines(query)).toEqual([
      'Fernhill · Closed/Won by channel',
      '1 Jan 2026 – 30 Jun 2026, by conversion time · Europe/Berlin · EUR · published Wed 1 Apr 2026 05:00',
      '',
      '                                   ────── First click ───────  ─────── Last click ───────',
      'Channel         Sessions     Cost  Closed/Won    Value   ROAS  Closed/Won    Value   ROAS',
      '──────────────  ────────  ───────  ──────────  ───────  ─────  ──────────  ───────  ─────',
      'Paid Search            2  €400.00           1  €10,000  25.00           0       €0   0.00',
      'Organic Search         1        —           1     €500      —           0       €0      —',
      'Email                  1        —           0       €0      —           1  €10,000      —',
      'Direct                 1        —           0       €0      —           1     €500      —',
      'Paid Social            0  €200.00           0       €0   0.00           0       €0   0.00',
      '──────────────  ────────  ───────  ──────────  ───────  ─────  ──────────  ───────  ─────',
      'Total                  5  €600.00           2  €10,500  17.50           2  €10,500  17.50',
      '',
    ]);
  });

  test('by month names the months', async () => {
    const rows = await lines({ dimensions: ['date'], interval: 'month', metrics: ['cost', 'cpc'] });
    expect(rows.slice(0, 1)).toEqual(['Fernhill · Traffic by month']);
    expect(rows.slice(3)).toEqual([
      'Month        Cost     CPC',
      '────────  ───────  ──────',
      'Jan 2026  €400.00   €5.71',
      'Feb 2026  €200.00  €20.00',
      '────────  ───────  ──────',
      'Total     €600.00   €7.50',
      '',
    ]);
  });

  test('leaves out columns of money of a conversion that has none, and names the conversions of several', async () => {
    const rows = await lines({
      metrics: ['conversions', 'conversion_value'],
      attributed_conversions: [{ conversion: 'lead', model: 'first_click' }, won('first_click')],
    });
    expect(rows.slice(3, 8)).toEqual([
      '                  Lead, first click  Closed/Won, first click',
      'Channel                 Conversions     Conversions    Value',
      '────────────────  ─────────────────  ──────────────  ───────',
      'Paid Search                       1               1  €10,000',
      'Organic Search                    1               1     €500',
    ]);
  });

  test('writes shares of conversions with two digits', async () => {
    const rows = await lines({ metrics: ['conversions'], attributed_conversions: [won('linear')] });
    expect(rows.slice(6, 8)).toEqual(['Paid Search        0.67', 'Email              0.33']);
  });

  test('without dimensions is its total', async () => {
    expect((await lines({ dimensions: [], metrics: ['sessions', 'users'] })).slice(3)).toEqual([
      'Sessions  Users',
      '────────  ─────',
      '       5      3',
      '',
    ]);
  });

  test('says below the table what was cut and what is not known', async () => {
    const rows = await lines({ dimensions: ['landing_path'], metrics: ['sessions', 'cost'], limit: 1 });
    expect(rows.slice(-4)).toEqual([
      '',
      '1 of 3 rows shown; the total counts all; more with --limit',
      'ad costs are not known by landing_path: they stand in the total only',
      '',
    ]);
  });
});

test('a report as CSV has the names of the schema, plain numbers and nothing where there is no figure', async () => {
  const result = await report({
    dimensions: ['channel', 'campaign'],
    metrics: ['cost', 'conversions', 'roas'],
    attributed_conversions: [won('first_click')],
  });
  expect(reportCsv(result).split('\r\n')).toEqual([
    'channel,campaign,cost,closed_won.first_click.conversions,closed_won.first_click.roas',
    'Paid Search,brand,100,1,100',
    'Organic Search,,,1,',
    'Paid Search,generic,300,0,0',
    'Paid Social,abm,200,0,0',
    '',
  ]);
});
