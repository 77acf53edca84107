import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoPlace, placeIn } from '../../examples/demo/place.ts';
import type { FunnelResult } from '../../pipeline/query/funnel/stages.ts';
import { type OpenPublication, openPublication } from '../../pipeline/query/publication.ts';
import type { Journey } from '../../pipeline/query/journey/types.ts';
import type { ReportResult } from '../../pipeline/query/result.ts';
import { command, type CommandResult, touchtrailJson } from '../cli.ts';
import { countEvents, hashOf } from '../simulator/messages.ts';
import { closedRevenueCells, funnelCells, hasValue } from '../simulator/screen-tables.ts';
import { simulate } from '../simulator/simulate.ts';
import { STORY_EMAIL } from '../simulator/story.ts';
import { type Model, MODELS, NOT_ATTRIBUTED, STAGES, tellTruth } from '../simulator/truth.ts';
import {
  conversionsByChannel,
  costByChannel,
  funnels,
  type Period,
  roasByChannel,
  trafficByChannel,
  WHOLE_HISTORY,
} from '../simulator/truth-tables.ts';
import { readTable } from '../terminal-table.ts';
import { describeDashboard } from './dashboard/on-demo.ts';
import { DEMO_MODELS, expectEqualBases, expectOneTotal, expectTrueCoverage, expectWholeCredits } from './demo-invariants.ts';

/*
 * The command of the README, literally, with all its visitors; then everything it has shown and published is compared
 * with what the simulator knows.
 */
const root = join(import.meta.dirname, '../..');
const world = simulate();
const truth = tellTruth(world);
let place: DemoPlace;
let demo: CommandResult;

const ask = async <Result>(...args: readonly string[]) =>
  await touchtrailJson<Result>([...args, '--data', place.data, '--config', place.config]);

beforeAll(async () => {
  place = placeIn(await mkdtemp(join(tmpdir(), 'touchtrail-demo-')));
  demo = await command('npm', ['run', 'demo', '--', '--exit', '--folder', place.folder], { cwd: root });
});
afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true });
});

describe('npm run demo -- --exit', () => {
  test('ends with code 0 after three chapters, and without an error', () => {
    expect(demo.stderr).not.toMatch(/error/i);
    expect(demo.code).toBe(0);
    expect(demo.stdout.match(/^.+(?=\n─+\n)/gm)?.filter((line) => !/^(?:Table|Channel) /.test(line))).toEqual(Object.values(CHAPTERS));
    expect(demo.stdout).not.toContain('Your turn');
  });

  test('the run it shows has stored each event once', () => {
    const { header, rows } = readTable(demo.stdout, 'demo.ts --exit');
    expect(header).toEqual(['Table', 'Inserted', 'Updated', 'Deleted']);
    const inserted = (table: string) => rows.filter(([name]) => name === table).map((row) => row.slice(1));
    expect(inserted('events')).toEqual([[countEvents(world).toLocaleString('en'), '0', '0']]);
    expect(inserted('sessions')).toEqual([[truth.sessions.length.toLocaleString('en'), '0', '0']]);
    expect(inserted('failed_events')).toEqual([]);
  });

  test('every cell of the funnel equals the truth', () => {
    const { header, rows, footer } = readTable(demo.stdout, CHAPTERS.funnel);
    const expected = funnelCells(truth, 'first_click');
    expect(header).toEqual(['Channel', ...STAGES.flatMap((stage) => ['Count', '#', ...(hasValue(stage) ? ['Value'] : [])])]);
    expect(byFirstCell(rows)).toEqual(expected.rows);
    expect(footer).toEqual([['Total', ...expected.total]]);
  });

  test('every cell of the closed revenue equals the truth', () => {
    const { header, rows, footer } = readTable(demo.stdout, CHAPTERS.revenue);
    const expected = closedRevenueCells(truth, ['first_click', 'last_significant_click']);
    expect(header).toEqual(REVENUE_HEADER);
    expect(byFirstCell(rows)).toEqual(expected.rows);
    expect(footer).toEqual([['Total', ...expected.total]]);
  });

  test('the journey names both devices, the signal that joined them, and the click that has the credit', () => {
    const shown = demo.stdout.slice(demo.stdout.indexOf(CHAPTERS.journey));
    const [laptop, phone] = dana().devices.map((device) => device.anonymousId) as [string, string];
    expect(shown).toMatch(new RegExp(`^ +D1 +.*desktop.* anonymous_id ${laptop}$`, 'm'));
    expect(shown).toMatch(new RegExp(`^ +D2 +.*mobile.* anonymous_id ${phone}$`, 'm'));
    expect(shown).toMatch(
      new RegExp(
        `^Joined by\\n +email_hash ${hashOf(STORY_EMAIL).slice(0, 8)}…\\n +D1 +14 Jan 2026 · form .*\\n +D2 +24 Mar 2026 · url `,
        'm',
      ),
    );
    expect(shown).toMatch(
      new RegExp(
        `^ +Tue 9 Dec 2025 14:21 +D1 +Paid Search · google / cpc .*\\n(?: {20}.*\\n)* +→ credit for Opportunity ${danasDeal().dealId}, Closed/Won ${danasDeal().dealId}: first click, last significant click, `,
        'm',
      ),
    );
    expect(shown).toMatch(new RegExp(`^ +Wed 17 Jun 2026 23:59 +★ +Closed/Won ${danasDeal().dealId} · €50,000\\.00$`, 'm'));
  });

  test('the README shows these numbers', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const { header, rows } = readTable(readme, 'and then shows:');
    const expected = closedRevenueCells(truth, ['first_click', 'last_significant_click']);
    expect(header).toEqual(REVENUE_HEADER);
    expect(rows.length).toBeGreaterThanOrEqual(4);
    for (const [channel, ...cells] of rows) expect(cells, channel).toEqual(expected.rows[channel!]);
    const [, visitors, events] = /\(([\d,]+) visitors, ([\d,]+) events\)/.exec(readme)!;
    for (const [said, true_] of [
      [visitors!, world.devices.length],
      [events!, countEvents(world)],
    ] as const) {
      const number = Number(said.replaceAll(',', ''));
      expect(true_, said).toBeGreaterThanOrEqual(number);
      expect(true_, said).toBeLessThan(number * 1.05);
    }
  });
});

describeDashboard(() => place.data, truth, world);

const CHAPTERS = {
  funnel: 'From lead to closed deal, by channel',
  revenue: 'Closed revenue: first click against last significant click',
  journey: 'One journey: from the ad click in December to 50,000 EUR in June',
};
const REVENUE_HEADER = ['Channel', 'Cost', 'Closed/Won', 'Value', 'ROAS', 'Closed/Won', 'Value', 'ROAS'];
const byFirstCell = (rows: readonly (readonly string[])[]) => Object.fromEntries(rows.map(([first, ...others]) => [first, others]));
const dana = () => world.people.find((person) => person.email === STORY_EMAIL)!;
const danasDeal = () => world.deals.find(({ lead }) => lead.device === dana().devices[0])!;

const euro = (cents: number) => cents / 100;
const inPeriod = ({ from, to }: Period) => ['--from', from, '--to', to];

/** Compares the rows of a period, one per channel, with the truth: no channel missing, none too many. */
function compareRevenue(rows: ReportResult['rows'], period: Period): void {
  const costs = costByChannel(truth, period);
  const shown = new Map(rows.map((row) => [row.dimensions['channel']!, row.figures]));
  for (const model of MODELS) {
    const revenue = conversionsByChannel(truth, 'closed_won', model, period);
    const roas = roasByChannel(truth, model, period);
    for (const channel of new Set([...shown.keys(), ...revenue.keys(), ...costs.keys()])) {
      const where = `${period.from} ${model} ${channel}`;
      const figure = (name: string) => shown.get(channel)?.[name] ?? 0;
      expect(figure('cost'), where).toBe(euro(costs.get(channel) ?? 0));
      expect(figure(`closed_won.${model}.conversions`), where).toBe(revenue.get(channel)?.conversions ?? 0);
      expect(figure(`closed_won.${model}.conversion_value`), where).toBe(euro(revenue.get(channel)?.valueCents ?? 0));
      if (roas.has(channel)) expect(shown.get(channel)?.[`closed_won.${model}.roas`], where).toBeCloseTo(roas.get(channel)!, 9);
      else expect(shown.get(channel)?.[`closed_won.${model}.roas`] ?? null, where).toBeNull();
    }
  }
}

/** The months of the history with their last days. */
const MONTHS: readonly Period[] = [
  { from: '2025-11-01', to: '2025-11-30' },
  { from: '2025-12-01', to: '2025-12-31' },
  { from: '2026-01-01', to: '2026-01-31' },
  { from: '2026-02-01', to: '2026-02-28' },
  { from: '2026-03-01', to: '2026-03-31' },
  { from: '2026-04-01', to: '2026-04-30' },
  { from: '2026-05-01', to: '2026-05-31' },
  { from: '2026-06-01', to: '2026-06-30' },
];

describe('the publication of the demo', () => {
  test('each event is stored once, however often it was delivered', async () => {
    const [stored] = await ask<Record<string, number>[]>(
      'query',
      `select count(*) as events, count(distinct message_id) as messages, (select count(*) from failed_events) as failed,
        (select count(*) from sessions) as sessions from events`,
    );
    const events = countEvents(world);
    expect(stored).toEqual({ events, messages: events, failed: 0, sessions: truth.sessions.length });
  });

  test.each(MODELS)('the funnel by %s equals the truth, for every stage and channel', async (model) => {
    const funnel = await ask<FunnelResult>('funnel', ...inPeriod(WHOLE_HISTORY), '--model', model);
    const expected = funnels(truth)[model];
    const channels = new Set(STAGES.flatMap((stage) => [...expected[stage].keys()]));
    for (const [index, stage] of STAGES.entries()) {
      const shown = Object.fromEntries(
        funnel.rows.map(({ value, stages }) => [value, [stages[index]!.conversions, stages[index]!.value ?? 0]]),
      );
      const wanted = Object.fromEntries(
        [...channels].map((channel) => {
          const sum = expected[stage].get(channel);
          return [channel, [sum?.conversions ?? 0, hasValue(stage) ? euro(sum?.valueCents ?? 0) : 0]];
        }),
      );
      expect(shown, stage).toEqual(wanted);
      expect(funnel.totals[index]!.conversions, stage).toBe(truth.conversions.filter((conversion) => conversion.stage === stage).length);
    }
  });

  test('revenue, cost and ROAS of every month and channel equal the truth, under every model', async () => {
    const figures = ['--conversion=closed_won', `--model=${MODELS.join(',')}`, '--metrics=cost,conversions,conversion_value,roas'];
    const whole = await ask<ReportResult>('report', ...inPeriod(WHOLE_HISTORY), ...figures);
    const monthly = await ask<ReportResult>('report', ...inPeriod(WHOLE_HISTORY), '--by=date,channel', '--interval=month', ...figures);
    compareRevenue(whole.rows, WHOLE_HISTORY);
    for (const month of MONTHS) {
      const rows = monthly.rows.filter(({ dimensions }) => dimensions['date'] === month.from);
      expect(rows.length, month.from).toBeGreaterThan(0);
      compareRevenue(rows, month);
    }
    const won = truth.conversions.filter(({ stage }) => stage === 'closed_won');
    for (const { totals } of [whole, monthly]) {
      expect(totals.figures['cost']).toBe(euro(truth.costs.reduce((sum, { cents }) => sum + cents, 0)));
      for (const model of MODELS) {
        expect(totals.figures[`closed_won.${model}.conversion_value`]).toBe(
          euro(won.reduce((sum, { valueCents }) => sum + valueCents!, 0)),
        );
        expect(totals.figures[`closed_won.${model}.conversions`]).toBe(won.length);
      }
    }
  });

  test('sessions and people of every channel equal the truth, and people are counted over all their devices', async () => {
    const report = await ask<ReportResult>('report', ...inPeriod(WHOLE_HISTORY), '--metrics', 'sessions,users');
    const shown = Object.fromEntries(
      report.rows
        .filter(({ dimensions }) => dimensions['channel'] !== NOT_ATTRIBUTED)
        .map(({ dimensions, figures }) => [dimensions['channel'], { sessions: figures['sessions'], users: figures['users'] }]),
    );
    expect(shown).toEqual(Object.fromEntries(trafficByChannel(truth)));
    expect(report.totals.figures).toMatchObject({
      sessions: truth.sessions.length,
      users: new Set(truth.sessions.map(({ person }) => person)).size,
    });
  });

  test('the journey of the story shows both devices, what joined them, and the credit of the ad click in June’s revenue', async () => {
    const [laptop, phone] = dana().devices.map((device) => device.anonymousId) as [string, string];
    const journey = await ask<Journey>('journey', '--email', STORY_EMAIL);

    expect(journey.devices.map((device) => device.anonymous_id)).toEqual([laptop, phone]);
    expect(journey.sessions.map(({ anonymous_id, started_at, channel }) => [anonymous_id, started_at.slice(0, 19), channel])).toEqual([
      [laptop, '2025-12-09T13:21:37', 'Paid Search'],
      [laptop, '2025-12-11T08:05:52', 'Direct'],
      [laptop, '2026-01-14T09:02:11', 'Direct'],
      [phone, '2026-03-24T06:48:20', 'Email'],
    ]);
    const joining = journey.signals.filter((signal) => signal.joins);
    expect(joining).toHaveLength(1);
    expect(joining[0]).toMatchObject({ key_name: 'email_hash' });
    expect(hashOf(STORY_EMAIL)).toContain(joining[0]!.shown_value.replace(/\W+$/, ''));
    const seen = joining[0]!.seen.map(
      ({ anonymous_id, origin, verdict }) => `${anonymous_id === laptop ? 'laptop' : 'phone'} ${origin} ${verdict}`,
    );
    expect(seen.toSorted()).toEqual(['laptop form used', 'phone url used']);

    const won = journey.conversions.find(({ name }) => name === 'closed_won');
    expect(won).toMatchObject({ id: danasDeal().dealId, value: 50_000 });
    const credits = (index: number) =>
      journey.sessions[index]!.credits.filter(
        ({ conversion, model }) => conversion === 'closed_won' && (MODELS as readonly string[]).includes(model),
      ).map(({ model, credit, value }) => [model, credit, value]);
    expect(credits(0)).toEqual([
      ['first_click', 1, 50_000],
      ['last_significant_click', 1, 50_000],
    ]);
    expect(credits(1)).toEqual([]);
    expect(credits(2)).toEqual([['last_click', 1, 50_000]]);
    expect(credits(3)).toEqual([]);
    // Three touches of two channels, the first and the two direct ones.
    const shares = (model: string) =>
      journey.sessions.map(
        ({ credits: all }) => all.find((credit) => credit.conversion === 'closed_won' && credit.model === model)?.credit ?? 0,
      );
    expect(shares('linear')).toEqual([0.333333334, 0.333333333, 0.333333333].map((share) => expect.closeTo(share, 8)).concat(0));
    expect(shares('position_based')).toEqual([0.4, 0.2, 0.4, 0]);
    expect(shares('shapley')).toEqual([0.5, 0.25, 0.25, 0]);
    expect(journey.pending).toEqual([]);
  });

  test('journeys of other people show exactly their observable devices, sessions and credits', async () => {
    const several = truth.people.filter((person) => person.devices.length > 1 && person.emails.size === 1);
    const sample = [several[0]!, several[Math.floor(several.length / 2)]!, several.at(-1)!];
    for (const person of sample) {
      const journey = await ask<Journey>('journey', '--email', [...person.emails][0]!);
      expect(journey.devices.map((device) => device.anonymous_id).toSorted()).toEqual(
        person.devices.map((device) => device.anonymousId).toSorted(),
      );
      const own = truth.sessions.filter((session) => session.person === person).toSorted((a, b) => a.startedAt - b.startedAt);
      expect(journey.sessions.map(({ channel, started_at }) => [channel, Date.parse(started_at)])).toEqual(
        own.map(({ channel, startedAt }) => [channel, startedAt]),
      );
      const credited = (model: Model) =>
        truth.conversions
          .filter((conversion) => conversion.person === person && conversion.credited[model])
          .map(({ stage, id, credited }) => `${stage} ${id} ${own.indexOf(credited[model]!)}`)
          .toSorted();
      for (const model of MODELS) {
        const shown = journey.sessions.flatMap(({ credits }, index) =>
          credits
            .filter((credit) => credit.model === model)
            .map(({ conversion, conversion_id }) => `${conversion} ${conversion_id} ${index}`),
        );
        expect(shown.toSorted()).toEqual(credited(model));
      }
    }
  });

  describe('whatever the model', () => {
    let opened: OpenPublication;
    beforeAll(async () => {
      opened = await openPublication(place.data);
    });
    afterAll(() => opened?.warehouse.close());

    test('the models of the example are there', () => {
      expect(opened.publication.config.models).toEqual(DEMO_MODELS);
    });
    test('credits of each conversion make one, and all of its value', () => expectWholeCredits(opened, truth));
    test('no dimension changes a total, and rows add up to it', () => expectOneTotal(opened, truth));
    test('both time bases have one grand total', () => expectEqualBases(opened));
    test('costs and sessions belong together as ads were clicked', () => expectTrueCoverage(opened, truth));
  });

  test('a second run on the same data changes no row', async () => {
    const { changes } = await ask<{ changes: Record<string, object> }>('run');
    expect(Object.keys(changes)).toContain('events');
    for (const [table, change] of Object.entries(changes)) expect(change, table).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  });
});
