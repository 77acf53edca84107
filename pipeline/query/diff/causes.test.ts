import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { APPLIED_VERSIONS } from '../../models/attribution/fitted-tables.ts';
import { ATTRIBUTION } from '../../models/attribution/tables.ts';
import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { IDENTITIES } from '../../models/identity/tables.ts';
import { REPORT_CREDITS } from '../../models/reports/tables.ts';
import { SESSIONS } from '../../models/sessions/tables.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';
import { publish } from '../testing/publish.ts';
import { runDiff } from './diff.ts';
import { openPair } from './pair.ts';
import { parseDiffQuery } from './schema.ts';
import type { DiffResult } from './types.ts';

// What the steps of a night hardly show apart, with rows written by hand: each conversion has two sessions of credit, and a
// third one of its person's, without.

interface Told {
  /** Share of the first session. */
  readonly first?: number;
  readonly value?: number;
  readonly raw?: number;
  readonly rate?: number;
  /** Month of its attribution time: the versions of models are of months. */
  readonly month?: string;
  /** Of the session without credit. */
  readonly engaged?: number;
  readonly personOfThird?: string;
  readonly channel?: string;
}

const FULL = 1_000_000_000;

function rowsOf(id: string, told: Told): readonly (readonly [TableDefinition, Row])[] {
  const { first = 0.6, value = 100, raw = 100, rate = 1, month = '2026-01', channel = 'Email', engaged = 10 } = told;
  const at = `${month}-20T12:00:00.000000Z`;
  const date = at.slice(0, 10);
  const rows: (readonly [TableDefinition, Row])[] = [];
  for (const [name, of, person_id] of [
    ['1', 'Paid Search', `${id}1`],
    ['2', channel, `${id}1`],
    ['3', 'Paid Search', told.personOfThird ?? `${id}1`],
  ] as const) {
    const session_id = `${id}${name}`;
    const times = { started_at: `${month}-1${name}T12:00:00.000000Z`, ended_at: `${month}-1${name}T12:10:00.000000Z`, start_date: date };
    const counts = { events: 1, page_views: 1, engaged_seconds: name === '3' ? engaged : 10, click_ids: [] };
    rows.push(
      [IDENTITIES, { anonymous_id: session_id, person_id, person_key: 1, first_seen: at }],
      [SESSIONS, { session_id, anonymous_id: session_id, ...times, ...counts, source: 's', medium: 'm', channel: of, is_direct: false }],
    );
    if (name === '3') continue;
    const share = name === '1' ? first : 1 - first;
    const parts = { credit: Math.round(share * FULL), value_micros: Math.round(share * value * 1_000_000) };
    const credit = { conversion_name: 'closed_won', conversion_id: id, model: 'linear', session_id, ...parts };
    rows.push(
      [ATTRIBUTION, { ...credit, click_time: at }],
      [REPORT_CREDITS, { ...credit, conversion_date: date, click_date: date, params: [], channel: of, source: 's', medium: 'm' }],
    );
  }
  const times = { conversion_time: at, attribution_time: at, conversion_date: date };
  const values = { original_value: 100, currency: 'USD', rate, raw_value_micros: raw * 1_000_000, value_micros: value * 1_000_000 };
  rows.push([CONVERSIONS, { conversion_name: 'closed_won', id, ...times, ...values, person_id: `${id}1`, params: [] }]);
  return rows;
}

const NEW_SHARE = 0.5;
/** What is told of each conversion before and after, and why it differs. */
const CASES: Readonly<Record<string, readonly [before: Told, after: Told, cause: string | undefined]>> = {
  same: [{}, {}, undefined],
  worth: [{}, { value: 80, raw: 80, rate: 1.25 }, 'exchange_rates'],
  scaled: [{}, { value: 120 }, 'normalisation'],
  // The version of February is another one, that of January is not.
  version: [{ month: '2026-02' }, { month: '2026-02', first: NEW_SHARE }, 'model_version'],
  nothing: [{}, { first: NEW_SHARE }, 'other'],
  // The model looks at a session that has no credit.
  engaged: [{}, { first: NEW_SHARE, engaged: 99 }, 'late_events'],
  third: [{ personOfThird: 'somebody' }, { first: NEW_SHARE }, 'identity'],
  left: [{}, { first: NEW_SHARE, personOfThird: 'somebody' }, 'identity'],
  // Two at once: the earlier one of the list.
  relabelled: [{}, { channel: 'Direct', value: 80, raw: 80, rate: 1.25 }, 'late_events'],
  rated: [{ month: '2026-02' }, { month: '2026-02', first: NEW_SHARE, value: 80, raw: 80, rate: 1.25 }, 'exchange_rates'],
  scaledVersion: [{ month: '2026-02' }, { month: '2026-02', first: NEW_SHARE, value: 120 }, 'normalisation'],
};

let folder: string;
let found: DiffResult;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-causes-'));
  for (const [i, night] of ['2026-07-01', '2026-07-02'].entries()) {
    const rows = Object.entries(CASES).flatMap(([id, told]) => rowsOf(id, told[i as 0 | 1]));
    const versions = ['2026-01-01', '2026-02-01'].map((month) => ({
      model: 'linear',
      conversion_name: 'closed_won',
      month,
      is_provisional: false,
      version_hash: month === '2026-02-01' ? `version ${i}` : 'version',
    }));
    const tables = [IDENTITIES, SESSIONS, CONVERSIONS, ATTRIBUTION, REPORT_CREDITS];
    await publish(
      folder,
      [...tables.map((table) => [table, rows.filter(([of]) => of === table).map(([, row]) => row)] as const), [APPLIED_VERSIONS, versions]],
      { publication_id: `${night.replaceAll('-', '')}T010000Z-00000${i + 1}`, published_at: `${night}T01:00:00.000000Z` },
    );
  }
  const pair = await openPair(folder, undefined, undefined);
  try {
    const query = { conversion: 'closed_won', model: 'linear', metrics: ['conversions' as const, 'conversion_value' as const], list: 100 };
    found = await runDiff(pair, parseDiffQuery(query, [pair.later.config]));
  } finally {
    await pair.close();
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(Object.entries(CASES).map(([id, [, , cause]]) => [id, cause]))('%s: %s', (id, cause) => {
  expect(found.conversions.find((one) => one.id === id)?.cause).toBe(cause);
});

test('a change that cancels out is a part of its own, and of the credits no value is', () => {
  const [conversions, value] = found.metrics;
  expect(conversions!.total).toEqual({
    before: BigInt(Object.keys(CASES).length) * 1_000_000_000n,
    after: BigInt(Object.keys(CASES).length) * 1_000_000_000n,
    causes: { identity: 0n, late_events: 0n, exchange_rates: 0n, normalisation: 0n, model_version: 0n, other: 0n },
  });
  // 20 less of two by rates and of one that is late; 20 more of two that are scaled.
  expect(value!.total.causes).toMatchObject({ late_events: -20_000_000n, exchange_rates: -40_000_000n, normalisation: 40_000_000n });
});
