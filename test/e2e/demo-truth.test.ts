import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { replay } from '../../examples/demo/replay.ts';
import { createProgress } from '../../pipeline/cli/progress.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { type RunningUp, startUp, touchtrailJson } from '../cli.ts';
import { batches, countDeliveries, countEvents, hashOf } from '../simulator/messages.ts';
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

/** The parts of the commands' JSON that are compared. */
interface RunJson {
  readonly changes: Readonly<Record<string, { readonly inserted: number; readonly updated: number; readonly deleted: number }>>;
}
interface FunnelJson {
  readonly rows: readonly {
    readonly value: string;
    readonly stages: readonly { readonly conversions: number; readonly value: number | null }[];
  }[];
  readonly totals: readonly { readonly conversions: number; readonly value: number | null }[];
}
interface ReportJson {
  readonly rows: readonly {
    readonly dimensions: Readonly<Record<string, string>>;
    readonly figures: Readonly<Record<string, number | null>>;
  }[];
  readonly totals: { readonly figures: Readonly<Record<string, number | null>> };
}
interface JourneyJson {
  readonly person_ids: readonly string[];
  readonly devices: readonly { readonly anonymous_id: string; readonly sessions: number }[];
  readonly signals: readonly {
    readonly key_name: string;
    readonly shown_value: string;
    readonly joins: boolean;
    readonly seen: readonly { readonly anonymous_id: string; readonly origin: string; readonly verdict: string }[];
  }[];
  readonly sessions: readonly {
    readonly anonymous_id: string;
    readonly started_at: string;
    readonly channel: string;
    readonly credits: readonly {
      readonly conversion: string;
      readonly conversion_id: string;
      readonly model: string;
      readonly credit: number;
      readonly value: number | null;
    }[];
  }[];
  readonly conversions: readonly { readonly name: string; readonly id: string; readonly value: number | null }[];
  readonly pending: readonly unknown[];
}

const world = simulate();
const truth = tellTruth(world);
const config = join(import.meta.dirname, '../../examples/fernhill/touchtrail.config.ts');
let data: string;
let up: RunningUp;
let firstRun: RunJson;

const ask = async <Result>(...args: readonly string[]) => await touchtrailJson<Result>([...args, '--data', data, '--config', config]);

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'touchtrail-truth-'));
  const { key } = await createKey(data, { kind: 'server', name: 'history' });
  up = await startUp(['--data', data, '--config', config]);
  await replay(batches(world), { url: up.url, key, total: countDeliveries(world), progress: createProgress({ quiet: true }) });
  firstRun = await ask<RunJson>('run');
});
afterAll(async () => {
  await up?.stop();
  await rm(data, { recursive: true, force: true });
});

const hasValue = (stage: string) => stage === 'opportunity' || stage === 'closed_won';
const euro = (cents: number) => cents / 100;
const inPeriod = ({ from, to }: Period) => ['--from', from, '--to', to];

/** Compares the rows of a period, one per channel, with the truth: no channel missing, none too many. */
function compareRevenue(rows: ReportJson['rows'], period: Period): void {
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

describe('the example company, through the edge, the warehouse and the pipeline', () => {
  test('each event is stored once, however often it was delivered', () => {
    expect(firstRun.changes['events']).toEqual({ inserted: countEvents(world), updated: 0, deleted: 0 });
    expect(firstRun.changes['failed_events']).toEqual({ inserted: 0, updated: 0, deleted: 0 });
    expect(firstRun.changes['sessions']?.inserted).toBe(truth.sessions.length);
  });

  test.each(MODELS)('the funnel by %s equals the truth, for every stage and channel', async (model) => {
    const funnel = await ask<FunnelJson>('funnel', ...inPeriod(WHOLE_HISTORY), '--model', model);
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
    const whole = await ask<ReportJson>('report', ...inPeriod(WHOLE_HISTORY), ...figures);
    const monthly = await ask<ReportJson>('report', ...inPeriod(WHOLE_HISTORY), '--by=date,channel', '--interval=month', ...figures);
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
    const report = await ask<ReportJson>('report', ...inPeriod(WHOLE_HISTORY), '--metrics', 'sessions,users');
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
    const dana = world.people.find((person) => person.email === STORY_EMAIL)!;
    const [laptop, phone] = dana.devices.map((device) => device.anonymousId) as [string, string];
    const journey = await ask<JourneyJson>('journey', '--email', STORY_EMAIL);

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

    const deal = world.deals.find(({ lead }) => lead.device === dana.devices[0])!;
    const won = journey.conversions.find(({ name }) => name === 'closed_won');
    expect(won).toMatchObject({ id: deal.dealId, value: 50_000 });
    const credits = (index: number) =>
      journey.sessions[index]!.credits.filter(({ conversion }) => conversion === 'closed_won').map(({ model, credit, value }) => [
        model,
        credit,
        value,
      ]);
    expect(credits(0)).toEqual([
      ['first_click', 1, 50_000],
      ['last_significant_click', 1, 50_000],
    ]);
    expect(credits(1)).toEqual([]);
    expect(credits(2)).toEqual([['last_click', 1, 50_000]]);
    expect(credits(3)).toEqual([]);
    expect(journey.pending).toEqual([]);
  });

  test('journeys of other people show exactly their observable devices, sessions and credits', async () => {
    const several = truth.people.filter((person) => person.devices.length > 1 && person.emails.size === 1);
    const sample = [several[0]!, several[Math.floor(several.length / 2)]!, several.at(-1)!];
    for (const person of sample) {
      const journey = await ask<JourneyJson>('journey', '--email', [...person.emails][0]!);
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

  test('a second run on the same data changes no row', async () => {
    const { changes } = await ask<RunJson>('run');
    for (const [table, change] of Object.entries(changes)) expect(change, table).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  });
});
