import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerReport } from '../cli/commands/report.ts';
import { run } from '../cli/commands/testing/run-command.ts';
import { createDashboard } from '../dashboard/app.ts';
import { ask, connect, NOW, publishStory, type PublishedStory } from './testing/published.ts';

let story: PublishedStory;
beforeAll(async () => {
  story = await publishStory();
});
afterAll(() => story.close());

interface Row {
  readonly dimensions: Record<string, string | null>;
  readonly figures: Record<string, number | null>;
}

/** A CSV without quotes as rows, numbers as numbers. */
function rowsOfCsv(csv: string, dimension: string): Row[] {
  const [header, ...lines] = csv.trimEnd().split('\r\n');
  const names = header!.split(',');
  return lines.map((line) => {
    const cells = new Map(line.split(',').map((cell, i) => [names[i]!, cell]));
    const figures = names
      .filter((name) => name !== dimension)
      .map((name) => [name, cells.get(name) === '' ? null : Number(cells.get(name))]);
    return { dimensions: { [dimension]: cells.get(dimension) || null }, figures: Object.fromEntries(figures) as Row['figures'] };
  });
}

const byKey = (rows: readonly Row[]) => new Map(rows.map(({ dimensions, figures }) => [JSON.stringify(dimensions), figures]));

test.each(['conversion_time', 'click_time'] as const)(
  'by %s: the command line, its CSV, the dashboard and MCP give the same numbers',
  async (basis) => {
    const models = ['first_click', 'last_click', 'linear'];
    const options = [
      '--from',
      '2026-01-01',
      '--to',
      '2026-03-31',
      '--by',
      'channel',
      '--conversion',
      'closed_won',
      '--model',
      models.join(','),
      '--basis',
      basis,
    ];
    const json = JSON.parse((await run(registerReport, story.folder, ['report', ...options, '--json'])).stdout) as {
      rows: Row[];
      totals: object;
    };
    const csv = rowsOfCsv((await run(registerReport, story.folder, ['report', ...options, '--csv'])).stdout, 'channel');

    const client = await connect(story.context);
    const { structured } = await ask(client, 'get_report_table', {
      date_range: { start_date: '2026-01-01', end_date: '2026-03-31' },
      metrics: ['sessions', 'cost', 'conversions', 'conversion_value', 'roas'],
      attributed_conversions: models.map((model) => ({ conversion: 'closed_won', model })),
      time_basis: basis,
    });
    await client.close();
    expect(structured.rows).toEqual(json.rows);
    expect(structured.totals).toEqual(json.totals);
    expect(csv).toEqual(json.rows);
    expect(json.rows.length).toBeGreaterThan(3);

    const { folder, reader } = story;
    const dashboard = createDashboard({ dataFolder: folder, reader, now: () => NOW, hosts: ['127.0.0.1'], log: () => {} });
    const address = `/channels?from=2026-01-01&to=2026-03-31&compare=none&conversion=closed_won&${models.map((model) => `model=${model}`).join('&')}&basis=${basis}&format=csv`;
    const response = await dashboard.request(address, { headers: { host: '127.0.0.1' } });
    const page = byKey(rowsOfCsv(await response.text(), 'channel'));
    expect(page.size).toBe(json.rows.length);
    for (const [key, figures] of byKey(json.rows)) expect(page.get(key)).toMatchObject(figures);
  },
);
