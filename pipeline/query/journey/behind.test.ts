import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPORT_ADS } from '../../models/costs/tables.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { openPublication, type OpenPublication } from '../publication.ts';
import { runReport } from '../result.ts';
import { parseReportQuery, type ReportQueryInput } from '../schema.ts';
import { JOURNEY_TABLES } from '../testing/journey-world.ts';
import { publish } from '../testing/publish.ts';
import { PUBLICATION, REPORT_TABLES } from '../testing/world.ts';
import { type BehindQueryInput, type BehindResult, conversionsBehind, parseBehindQuery } from './behind.ts';
import { ATTRIBUTION } from '../../models/attribution/tables.ts';
import { CONVERSIONS } from '../../models/conversions/tables.ts';

// The deals and leads of world.ts: D1 is Jane's, L9 nobody's.
const conversion = (conversion_name: string, id: string, conversion_time: string, person_id: string | null): Row => ({
  conversion_name,
  id,
  conversion_time,
  attribution_time: conversion_time,
  conversion_date: conversion_time.slice(0, 10),
  person_id,
  params: [],
});
const LEADS = [
  conversion('lead', 'L1', '2026-01-20T18:32:00.000000Z', 'a1'),
  conversion('lead', 'L3', '2026-02-10T09:00:00.000000Z', 'c1'),
  conversion('lead', 'L9', '2026-02-15T12:00:00.000000Z', null),
  conversion('closed_won', 'D1', '2026-03-10T22:59:59.999999Z', 'a1'),
  conversion('closed_won', 'D3', '2026-03-20T09:00:00.000000Z', 'c1'),
];

let folder: string;
let opened: OpenPublication;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-behind-'));
  const credits = JOURNEY_TABLES.find(([table]) => table === ATTRIBUTION)!;
  const own = REPORT_TABLES.some(([table]) => table === REPORT_ADS) ? [] : [[REPORT_ADS, []] as const];
  await publish(folder, [...REPORT_TABLES, ...own, [CONVERSIONS, LEADS], credits]);
  opened = await openPublication(folder);
});
afterAll(async () => {
  await opened.warehouse.close();
  await rm(folder, { recursive: true, force: true });
});

const YEAR = { start_date: '2026-01-01', end_date: '2026-12-31' };
const LEAD: BehindQueryInput = { date_range: YEAR, conversion: 'lead', model: 'first_click' };
const behind = async (query: BehindQueryInput): Promise<BehindResult> =>
  conversionsBehind(opened.warehouse, opened.publication, parseBehindQuery(query, opened.publication.config));
const idsOf = ({ conversions }: BehindResult) => conversions.map(({ id }) => id);

describe('the conversions behind a cell', () => {
  test('of a channel are those with credit there, with the part that they have', async () => {
    const found = await behind({ ...LEAD, conversion: 'closed_won', model: 'linear', cell: { channel: 'Paid Search' } });
    // Two of the three credits of D1, of its 10,000 by 333,333,334 and 333,333,333 parts.
    expect(found).toEqual({
      publication_id: PUBLICATION.publication_id,
      conversions: [
        {
          conversion: 'closed_won',
          id: 'D1',
          conversion_time: '2026-03-10T22:59:59.999999Z',
          person_id: 'a1',
          credit: 0.666666667,
          value: 6666.66667,
          sessions: 2,
          inherited_from: 'lead/L1',
          reason: null,
        },
      ],
      total: { conversions: 1, credit: 0.666666667, value: 6666.66667 },
      next: null,
    });
  });

  test('of what is not attributed say why', async () => {
    const found = await behind({ ...LEAD, cell: { channel: '(not attributed)' } });
    expect(found.conversions).toMatchObject([{ id: 'L9', person_id: null, sessions: 0, reason: 'unknown_identifier' }]);
  });

  test('of a value that is not set, of a month, and of a filter', async () => {
    expect(idsOf(await behind({ ...LEAD, cell: { campaign: null } }))).toEqual(['L3']);
    expect(idsOf(await behind({ ...LEAD, interval: 'month', cell: { date: '2026-02-01' } }))).toEqual(['L9', 'L3']);
    expect(idsOf(await behind({ ...LEAD, interval: 'month', time_basis: 'click_time', cell: { date: '2026-01-01' } }))).toEqual(['L1']);
    const filters: BehindQueryInput['filters'] = { and: [{ field: 'channel', operator: 'equals', value: 'Organic Search' }] };
    expect(idsOf(await behind({ ...LEAD, filters }))).toEqual(['L3']);
  });

  test('come latest first, page by page, each once', async () => {
    const first = await behind({ ...LEAD, limit: 2 });
    expect(idsOf(first)).toEqual(['L9', 'L3']);
    const second = await behind({ ...LEAD, limit: 2, after: first.next! });
    expect([idsOf(second), second.next, second.total]).toEqual([['L1'], null, first.total]);
  });

  test.each([['first_click'], ['last_click'], ['linear']])('add up to every cell of the report: %s', async (model) => {
    const { warehouse, publication } = opened;
    for (const name of ['lead', 'closed_won'] as const) {
      const query: ReportQueryInput = {
        date_range: YEAR,
        dimensions: ['channel', 'campaign', 'date'],
        interval: 'month',
        metrics: ['conversions'],
        attributed_conversions: [{ conversion: name, model }],
      };
      const { rows } = await runReport(warehouse, publication, parseReportQuery(query, publication.config));
      for (const { dimensions, figures } of rows) {
        const found = await behind({
          date_range: YEAR,
          interval: 'month',
          conversion: name,
          model,
          cell: dimensions as Record<string, string>,
        });
        expect(found.total.credit).toBeCloseTo(figures[`${name}.${model}.conversions`]!, 9);
      }
    }
  });
});

describe('a list that cannot be made', () => {
  test.each<[string, Partial<BehindQueryInput>, string]>([
    ['of an unknown conversion', { conversion: 'leed' }, 'did you mean "lead"?'],
    ['of an unknown dimension', { cell: { chanel: 'Email' } }, 'did you mean "channel"?'],
    ['by a metric', { filters: { and: [{ field: 'conversions', operator: 'gt', value: 1 }] } }, 'chooses rows of a report'],
    ['behind no page', { after: 'x' }, 'expected the "next" of the page before'],
    [
      'behind a page of another publication',
      { after: Buffer.from('["p0","2026-01-01T00:00:00.000000Z","L1"]').toString('base64url') },
      `the page before is of the publication p0, and this is ${PUBLICATION.publication_id}`,
    ],
  ])('%s says what is wrong', async (_, changes, message) => {
    await expect(behind({ ...LEAD, ...changes })).rejects.toThrow(message);
  });
});
