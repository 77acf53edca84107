import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EventInput, page } from '../../testing/world.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { raw } from '../../warehouse/sql.ts';
import { openPublication } from '../publication.ts';
import { runDiff } from './diff.ts';
import { openPair } from './pair.ts';
import { type DiffQueryInput, parseDiffQuery } from './schema.ts';
import { type CrmRow, type Nights, openNights } from './testing/nights.ts';
import type { DiffFigures, DiffResult } from './types.ts';

const SITE = 'https://www.fernhill.example/';
const visit = (who: string, at: string, query = ''): EventInput => ({ who, at, ...page(`${SITE}${query}`) });
const AD = '?utm_source=google&utm_medium=cpc&utm_campaign=brand';
const NEWSLETTER = '?utm_source=newsletter&utm_medium=email';
const hashOf = (digit: string) => ({ hash: digit.repeat(64), origin: 'form' as const });
const form = (who: string, at: string, ...digits: readonly string[]): EventInput => ({
  who,
  at,
  type: 'identify',
  email_hashes: digits.map(hashOf),
});

/** Everybody clicks an ad on 10 February and becomes a lead on 1 March, and a deal on 10 March. */
const WHO = ['same', 'updated', 'deleted', 'late', 'merged', 'split', 'dollars', 'child', 'both', 'updated2', 'moved', 'orphan'] as const;
const lead = (id: string, more: Partial<CrmRow> = {}): CrmRow => ({
  id,
  created: '2026-03-01T12:00:00Z',
  client_id: id,
  lead_id: `L-${id}`,
  ...more,
});
/** Deals without a lead id have credits of their own. */
const deal = (id: string, more: Partial<CrmRow> = {}): CrmRow => ({
  id: `D-${id}`,
  created: '2026-03-10T12:00:00Z',
  client_id: id,
  value: 1000,
  ...more,
});
const DEALS: Readonly<Record<string, Partial<CrmRow>>> = {
  dollars: { currency: 'USD' },
  updated2: { currency: 'USD' },
  child: { lead_id: 'child' },
  orphan: { lead_id: 'orphan', client_id: 'same' },
};
const leads = WHO.filter((id) => id !== 'orphan').map((id) => lead(id));
const deals = WHO.map((id) => deal(id, DEALS[id]));
const rates = (rate: number) => `Date,USD\n2026-03-10,${rate}\n`;
const cost = (campaign: string, original: number, micros: number, currency = 'EUR') => ({
  date: '2026-03-02',
  platform: 'google_ads',
  account_id: '1',
  campaign_id: campaign,
  campaign,
  ad_group_id: '',
  ad_id: '',
  source: 'google',
  medium: 'cpc',
  channel: 'Paid Search',
  cost_micros: micros,
  original_cost: original,
  currency,
  impressions: 100,
  clicks: 10,
});

const other = (name: string, amount: number, more: { campaign?: string; currency?: string; to?: string } = {}) => ({
  name,
  amount,
  from: '2026-03-10',
  to: '2026-03-10',
  ...more,
});

let nights: Nights;
let first: string;
let second: string;
let third: string;
beforeAll(async () => {
  nights = await openNights();
  first = await nights.run({
    now: '2026-04-01T03:00:00.000Z',
    events: [
      ...WHO.map((who) => visit(who, '2026-02-10 10:00', AD)),
      // Other devices, with a later session: whoever has them has their credit by last click.
      visit('merged-phone', '2026-02-20 10:00', NEWSLETTER),
      visit('both-phone', '2026-02-20 10:00', NEWSLETTER),
      visit('split-phone', '2026-02-20 10:00', NEWSLETTER),
      form('split', '2026-02-10 10:01', 'a'),
      form('split-phone', '2026-02-20 10:01', 'a'),
      form('merged', '2026-02-10 10:01', 'b'),
      form('both', '2026-02-10 10:01', 'c'),
    ],
    leads,
    deals,
    rates: rates(1.25),
    config: {
      otherCosts: [
        other('agency', 90, { campaign: 'brand', to: '2026-03-12' }),
        other('booth', 125, { currency: 'USD' }),
        other('gone', 10),
      ],
    },
    costs: [cost('brand', 100, 100_000_000), cost('generic', 50, 50_000_000), cost('dollars', 125, 100_000_000, 'USD')],
  });
  second = await nights.run({
    now: '2026-04-02T03:00:00.000Z',
    events: [
      // A tracker that was offline sends what it kept; a form of 1 April joins two devices.
      visit('late', '2026-02-25 09:00', NEWSLETTER),
      visit('both', '2026-02-25 09:00'),
      form('merged-phone', '2026-04-01 10:00', 'b'),
      form('both-phone', '2026-04-01 10:00', 'c'),
      // With more than three addresses a device is shared, and links nobody any more.
      form('split-phone', '2026-04-01 10:00', 'd', 'e', 'f', '9'),
      visit('fresh', '2026-04-01 12:00', AD),
    ],
    leads: [
      ...leads.map((row) => (row.id === 'child' ? lead('child', { client_id: 'late' }) : row)),
      lead('orphan', { client_id: 'merged' }),
    ],
    deals: [
      ...deals.flatMap((row) => {
        if (row.id === 'D-deleted') return [];
        if (row.id === 'D-updated') return [{ ...row, value: 1500 }];
        if (row.id === 'D-updated2') return [{ ...row, value: 2000 }];
        if (row.id === 'D-moved') return [{ ...row, created: '2026-02-28T12:00:00Z' }];
        return [row];
      }),
      { ...deal('same'), id: 'D-new', created: '2026-04-01T13:00:00Z', value: 700 },
    ],
    rates: rates(2),
    config: {
      otherCosts: [
        other('agency', 120, { campaign: 'brand', to: '2026-03-12' }),
        other('booth', 125, { currency: 'USD' }),
        other('come', 20),
      ],
    },
    costs: [cost('brand', 110, 110_000_000), cost('dollars', 125, 62_500_000, 'USD'), cost('display', 20, 20_000_000)],
  });
  third = await nights.run({
    now: '2026-04-03T03:00:00.000Z',
    leads: leads.filter(({ id }) => id !== 'child'),
    deals: [{ ...deal('same'), id: 'D-newest', created: '2026-04-02T13:00:00Z' }, ...deals.filter(({ id }) => id !== 'D-updated')],
    config: { attribution: { models: ['last_click', 'first_click', 'linear'], lookbackDays: 10 } },
  });
}, 120_000);
afterAll(() => nights.close());

/** Several tests look at one answer. */
const answers = new Map<string, Promise<DiffResult>>();
function diff(query: DiffQueryInput, from = first, to = second): Promise<DiffResult> {
  const key = JSON.stringify([query, from, to]);
  const known = answers.get(key) ?? compare(query, from, to);
  answers.set(key, known);
  return known;
}

async function compare(query: DiffQueryInput, from: string, to: string): Promise<DiffResult> {
  const pair = await openPair(nights.dataFolder, from, to);
  try {
    return await runDiff(pair, parseDiffQuery(query, [pair.earlier.config, pair.later.config]));
  } finally {
    await pair.close();
  }
}

const LAST_CLICK: DiffQueryInput = {
  conversion: 'deal',
  model: 'last_click',
  metrics: ['conversions', 'conversion_value'],
  list: 100,
};
const causesOf = ({ conversions }: DiffResult) => Object.fromEntries(conversions.map(({ id, cause }) => [id, cause]));
/** Parts of a value in units of the currency. */
const units = (figures: DiffFigures) =>
  Object.fromEntries(Object.entries(figures.causes).map(([cause, part]) => [cause, Number(part) / 1e6]));
const sumOf = (causes: DiffFigures['causes']) => Object.values(causes).reduce((total, part) => total + part, 0n);

describe('between two nights', () => {
  test('every conversion that differs has the cause that made it differ; one that stays is not listed', async () => {
    expect(causesOf(await diff(LAST_CLICK))).toEqual({
      'D-new': 'new',
      'D-deleted': 'deleted',
      'D-updated': 'updated',
      // The value in dollars is another one, and so is the rate: what the source says comes first.
      'D-updated2': 'updated',
      // Its lead is somebody else's now; and the lead of an orphan has just appeared.
      'D-child': 'parent',
      'D-orphan': 'parent',
      'D-merged': 'identity',
      'D-split': 'identity',
      'D-late': 'late_events',
      // Joined with a phone too, but its last click is the one that came late.
      'D-both': 'late_events',
      'D-dollars': 'exchange_rates',
    });
  });

  test('of one cause alone only its conversions are listed, all of them; the figures stay those of all', async () => {
    const all = await diff(LAST_CLICK);
    const late = await diff({ ...LAST_CLICK, cause: 'late_events', list: 2 });
    expect(causesOf(late)).toEqual({ 'D-late': 'late_events', 'D-both': 'late_events' });
    expect([late.metrics, late.differing]).toEqual([all.metrics, all.differing]);
  });

  test('where two things happened to a path, the first cause of the list is named', async () => {
    const causes = causesOf(await diff({ ...LAST_CLICK, model: 'linear' }));
    // All touches have credit: of those of `both` one came from its phone, and another one came late.
    expect([causes['D-both'], causes['D-late'], causes['D-merged']]).toEqual(['identity', 'late_events', 'identity']);
    // Nor does first click see what came after the first touch.
    const first = causesOf(await diff({ ...LAST_CLICK, model: 'first_click' }));
    expect([first['D-both'], first['D-late'], first['D-merged']]).toEqual([undefined, undefined, undefined]);
  });

  test('the list says what differs, and what each counts for before and after', async () => {
    const { conversions, differing } = await diff(LAST_CLICK);
    const listed = Object.fromEntries(conversions.map((one) => [one.id, one]));
    const full = 1_000_000_000n;
    expect(listed['D-updated']).toEqual({
      conversion: 'deal',
      id: 'D-updated',
      conversion_time: '2026-03-10T12:00:00.000000Z',
      cause: 'updated',
      detail: 'original_value',
      before: [{ key: 'Paid Search', credit: full, value_micros: 1_000_000_000n }],
      after: [{ key: 'Paid Search', credit: full, value_micros: 1_500_000_000n }],
    });
    expect(listed['D-dollars']).toMatchObject({
      detail: '1.25 → 2',
      before: [{ key: 'Paid Search', credit: full, value_micros: 800_000_000n }],
      after: [{ key: 'Paid Search', credit: full, value_micros: 500_000_000n }],
    });
    expect(listed['D-orphan']!.detail).toBe('none → lead/orphan');
    expect(listed['D-late']).toMatchObject({ before: [{ key: 'Paid Search' }], after: [{ key: 'Email' }] });
    expect(listed['D-split']).toMatchObject({ before: [{ key: 'Email' }], after: [{ key: 'Paid Search' }] });
    expect(listed['D-new']!.before).toEqual([]);
    expect(listed['D-deleted']!.after).toEqual([]);
    expect(differing).toEqual({ new: 1, deleted: 1, updated: 2, parent: 2, identity: 2, late_events: 2, exchange_rates: 1 });
    expect(conversions.map(({ cause }) => cause).slice(0, 5)).toEqual(['new', 'deleted', 'updated', 'updated', 'parent']);
  });

  test('the parts of a change, added up by hand', async () => {
    const { metrics } = await diff(LAST_CLICK);
    const value = metrics.find(({ metric }) => metric === 'conversion_value')!;
    // Before: nine deals of 1000, two of 1000 dollars at 1.25, that is 800 each, and the deleted one.
    expect([value.total.before, value.total.after].map((micros) => Number(micros) / 1e6)).toEqual([
      11_600,
      11_600 + 700 - 1000 + 500 + 200 - 300,
    ]);
    expect(units(value.total)).toEqual({
      new: 700,
      deleted: -1000,
      // 500 more, and 1000 dollars at 1.25 become 2000 at 2: from 800 to 1000.
      updated: 500 + 200,
      parent: 0,
      identity: 0,
      late_events: 0,
      exchange_rates: -300,
    });
    const email = value.rows.find(({ key }) => key === 'Email')!;
    expect(units(email)).toMatchObject({ late_events: 1000, identity: 1000 - 1000 });
  });

  test.each<[string, DiffQueryInput]>([
    ['last click by channel', LAST_CLICK],
    ['first click by source and medium', { ...LAST_CLICK, model: 'first_click', dimension: 'source_medium' }],
    ['leads by day of the click', { conversion: 'lead', model: 'first_click', dimension: 'date', time_basis: 'click_time' }],
    ['a month that a deal left', { ...LAST_CLICK, date_range: { start_date: '2026-03-01', end_date: '2026-03-31' } }],
    ['sessions', { metrics: ['sessions', 'cost'] }],
    ['the total alone', { ...LAST_CLICK, dimension: null }],
  ])('parts add up to the change, in each row and in total: %s', async (_, query) => {
    const { metrics } = await diff(query);
    for (const { rows, total, metric } of metrics) {
      expect(rows.length, metric).toBeGreaterThan(0);
      for (const figures of [...rows, total]) expect(sumOf(figures.causes)).toBe(figures.after - figures.before);
      expect(rows.reduce((sum, { before }) => sum + before, 0n)).toBe(total.before);
      expect(rows.reduce((sum, { after }) => sum + after, 0n)).toBe(total.after);
    }
  });

  test('what stands before and after is what each publication says', async () => {
    const { metrics } = await diff({ conversion: 'deal', model: 'first_click', metrics: ['conversions'] });
    for (const [id, side] of [
      [first, 'before'],
      [second, 'after'],
    ] as const) {
      const { warehouse } = await openPublication(nights.dataFolder, { asOf: id });
      const rows = await warehouse.rows<{ channel: string; credit: string }>(
        raw(`select channel, cast(sum(credit) as string) as credit from report_credits
          where conversion_name = 'deal' and model = 'first_click' group by channel`),
      );
      await warehouse.close();
      const shown = metrics[0]!.rows.filter((row) => row[side] !== 0n).map((row) => [row.key, String(row[side])]);
      expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(rows.map(({ channel, credit }) => [channel, credit])));
    }
  });

  test('a deal whose date left the period has gone from it because it was updated', async () => {
    const { conversions, metrics } = await diff({ ...LAST_CLICK, date_range: { start_date: '2026-03-01', end_date: '2026-03-31' } });
    const moved = conversions.find(({ id }) => id === 'D-moved')!;
    expect([moved.cause, moved.before.length, moved.after.length]).toEqual(['updated', 1, 0]);
    expect(moved.detail).toBe('conversion_time, attribution_time');
    // By channel over all days it is where it was, and nothing differs.
    expect(causesOf(await diff(LAST_CLICK))['D-moved']).toBeUndefined();
    expect(metrics[0]!.total.causes.updated).toBe(-1_000_000_000n);
  });

  test('sessions are new, or came late', async () => {
    const { metrics } = await diff({ metrics: ['sessions'] });
    // On 1 April: four visits of forms and a fresh one; two visits of February arrived late.
    expect(metrics[0]!.total.causes).toEqual({ new: 4n, late_events: 2n });
  });

  test('costs are reported otherwise, or are worth something else', async () => {
    const { metrics } = await diff({ metrics: ['cost'], dimension: 'campaign' });
    expect(metrics[0]!.total).toEqual({
      before: 250_000_000n,
      after: 192_500_000n,
      causes: { exchange_rates: -37_500_000n, costs: -20_000_000n },
    });
    const byCampaign = Object.fromEntries(metrics[0]!.rows.map(({ key, causes }) => [key, causes]));
    expect(byCampaign).toEqual({
      brand: { costs: 10_000_000n },
      generic: { costs: -50_000_000n },
      dollars: { exchange_rates: -37_500_000n },
      display: { costs: 20_000_000n },
    });
    const unknown = await diff({ metrics: ['cost'], dimension: 'browser' });
    expect(unknown.metrics[0]).toMatchObject({ rows: [], note: 'ad costs are not known by browser', total: { after: 192_500_000n } });
  });
});

describe('other costs', () => {
  test('are another amount, come and go by the config, or are worth something else', async () => {
    const { metrics } = await diff({ metrics: ['other_cost'], dimension: 'campaign' });
    const [{ total, rows }] = metrics as [DiffResult['metrics'][number]];
    // 90, 125 dollars at 1.25, and 10; then 120, the dollars at 2, and 20 of another name.
    expect(total).toEqual({
      before: 200_000_000n,
      after: 202_500_000n,
      causes: { exchange_rates: -37_500_000n, costs: 30_000_000n - 10_000_000n + 20_000_000n },
    });
    expect(Object.fromEntries(rows.map(({ key, before, causes }) => [key, [before, causes]]))).toEqual({
      brand: [90_000_000n, { costs: 30_000_000n }],
      null: [110_000_000n, { exchange_rates: -37_500_000n, costs: 10_000_000n }],
    });
  });

  test('have days, of which a period takes its part', async () => {
    const date_range = { start_date: '2026-03-11', end_date: '2026-03-31' };
    const { metrics } = await diff({ metrics: ['other_cost'], dimension: 'date', date_range });
    expect(Object.fromEntries(metrics[0]!.rows.map(({ key, before, after }) => [key, [before, after]]))).toEqual({
      '2026-03-11': [30_000_000n, 40_000_000n],
      '2026-03-12': [30_000_000n, 40_000_000n],
    });
  });
});

const only = (field: string, value: string) => ({ filters: { and: [{ field, operator: 'equals' as const, value }] } });

describe('a filter', () => {
  test('leaves the row that it names as it is', async () => {
    const all = await diff(LAST_CLICK);
    const { metrics, conversions } = await diff({ ...LAST_CLICK, ...only('channel', 'Email') });
    for (const [i, { rows, total }] of metrics.entries()) {
      const email = all.metrics[i]!.rows.find(({ key }) => key === 'Email')!;
      expect(rows).toEqual([email]);
      expect(total).toEqual({ before: email.before, after: email.after, causes: email.causes });
    }
    expect(conversions.map(({ id }) => id).toSorted()).toEqual(['D-child', 'D-late', 'D-merged', 'D-orphan', 'D-split']);
  });

  test('of campaigns chooses sessions and costs', async () => {
    const { metrics } = await diff({ metrics: ['sessions', 'cost', 'other_cost'], dimension: null, ...only('campaign', 'brand') });
    // Each of the twelve came by the ad once; on 1 April somebody new did.
    expect(metrics.map(({ total }) => [total.before, total.after])).toEqual([
      [12n, 13n],
      [100_000_000n, 110_000_000n],
      [90_000_000n, 120_000_000n],
    ]);
  });

  test('that costs do not have leaves them out, and says so', async () => {
    const { metrics } = await diff({ metrics: ['cost', 'sessions'], ...only('country', 'DE') });
    expect(metrics[0]).toMatchObject({ rows: [], isMissing: true, note: 'ad costs cannot be filtered as asked, so they are left out' });
    expect(metrics[1]!.total.after).toBe(0n);
  });

  test('on a metric, or by a name that is none, is refused', async () => {
    const onCost = { filters: { and: [{ field: 'cost', operator: 'gt' as const, value: 1 }] } };
    await expect(diff({ metrics: ['sessions'], ...onCost })).rejects.toThrow('a condition on a metric chooses rows of a report');
    await expect(diff({ metrics: ['sessions'], ...only('param.plan', 'x') })).rejects.toThrow('unknown dimension "param.plan"');
  });
});

describe('a publication of an earlier version', () => {
  test('whose costs are not there is compared in all else, and the answer says what is missing', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-diff-earlier-'));
    try {
      await cp(nights.dataFolder, folder, { recursive: true });
      const file = await openDuckDb(path.join(folder, 'publications', `${first}.duckdb`));
      await file.session.run('drop table costs; drop table report_other_costs', 'an earlier shape');
      await file.close();
      const pair = await openPair(folder, first, second);
      const query = parseDiffQuery({ metrics: ['sessions', 'cost', 'other_cost'] }, [pair.earlier.config, pair.later.config]);
      const { metrics } = await runDiff(pair, query);
      await pair.close();
      expect(metrics[0]!.total.causes).toEqual({ new: 4n, late_events: 2n });
      const words = `cannot be compared: the publication ${first} was made by an earlier version of touchtrail and has no table`;
      expect(metrics.slice(1).map(({ isMissing, note }) => [isMissing, note])).toEqual([
        [true, `ad costs ${words} "costs"`],
        [true, `other costs ${words} "report_other_costs"`],
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('where a definition differs', () => {
  test('all that it made anew has that cause, but for what is new since', async () => {
    const causes = causesOf(await diff(LAST_CLICK, second, third));
    expect(causes['D-newest']).toBe('new');
    expect(new Set(Object.entries(causes).flatMap(([id, cause]) => (id === 'D-newest' ? [] : [cause])))).toEqual(new Set(['definition']));
    // With 10 days to look back, the ads of February have nothing to do with the deals of March.
    expect(causes['D-same']).toBe('definition');
  });
});

describe('what cannot be compared', () => {
  test('by default the last publication is compared with the one before it', async () => {
    const pair = await openPair(nights.dataFolder, undefined, undefined);
    expect([pair.earlier.publication_id, pair.later.publication_id]).toEqual([second, third]);
    await pair.close();
    const earlier = await openPair(nights.dataFolder, undefined, second);
    expect(earlier.earlier.publication_id).toBe(first);
    await earlier.close();
  });

  test('readers that have a publication open do not stand in the way, nor does another comparison', async () => {
    const reader = await openPublication(nights.dataFolder);
    const pairs = [await openPair(nights.dataFolder, first, second), await openPair(nights.dataFolder, second, third)];
    expect(await reader.warehouse.rows(raw('select count(*) as publications from publication'))).toEqual([{ publications: 1 }]);
    for (const pair of pairs) await pair.close();
    await reader.warehouse.close();
  });

  test('one with itself, in the wrong order, and one that is not kept are errors that say what to do', async () => {
    await expect(openPair(nights.dataFolder, second, second)).rejects.toThrow('both are the publication');
    await expect(openPair(nights.dataFolder, third, first)).rejects.toThrow('name the earlier one first');
    await expect(openPair(nights.dataFolder, '20250101T000000Z-000001', third)).rejects.toThrow('no such publication is kept');
  });

  test('the earliest one has none before it', async () => {
    await expect(openPair(nights.dataFolder, undefined, first)).rejects.toThrow('is the earliest publication that is kept');
  });

  test('a query that asks for unknown names is refused with the nearest known', async () => {
    await expect(diff({ conversion: 'deel', model: 'last_click' })).rejects.toThrow('did you mean "deal"?');
    await expect(diff({})).rejects.toThrow('conversion: missing; conversions is a figure of a conversion');
  });
});
