import { expect, test } from 'vitest';
import type { NightPlan } from '../night/dry-run.ts';
import { planAsJson, renderPlan } from './plan-view.ts';

const UNKNOWN = 'beside the rows of staged_x, which does not exist yet: their bytes are not known before it runs';
const PLAN: NightPlan = {
  engine: 'bigquery',
  statements: [
    { step: 'events', label: 'events: source', sql: 'create table s as select 1', bytes: 1_500_000_000, note: null },
    { step: 'events', label: 'events', sql: 'merge into e', bytes: 250, note: UNKNOWN },
    { step: 'costs', label: 'load costs', sql: '', bytes: 0, note: 'a load job' },
    { step: 'costs', label: 'costs', sql: 'select 2', bytes: null, note: UNKNOWN },
  ],
  rebuilt: ['events', 'sessions'],
  bytes: 1_500_000_250,
  notes: ['not listed: the lease'],
};

test('statements stand in order with their bytes; notes are told once; the sum says what it leaves out', () => {
  expect(
    renderPlan(PLAN, { width: 200, withSql: false })
      .split('\n')
      .map((line) => line.trimEnd()),
  ).toEqual([
    '#  Step    Statement       Would scan  Note',
    expect.stringMatching(/^─+/) as string,
    '1  events  events: source      1.5 GB',
    '2  events  events           250 bytes  [1]',
    '3  costs   load costs         0 bytes  [2]',
    '4  costs   costs            not known  [1]',
    '',
    `[1] ${UNKNOWN}`,
    '[2] a load job',
    '',
    '4 statements would scan 1.5 GB, and 2 of them more that is not known before they run',
    'rebuilt over all history, because the definition is new or has changed: events, sessions',
    'not listed: the lease',
    'nothing was written',
    '',
  ]);
});

test('with its text, a statement can be pasted: what is told of it is a comment', () => {
  const text = renderPlan(PLAN, { width: 200, withSql: true });
  expect(text).toContain(`-- 2. events: events\n-- would scan: 250 bytes\n-- ${UNKNOWN}\nmerge into e;\n`);
  expect(text).toContain('-- 3. costs: load costs\n-- would scan: 0 bytes\n-- a load job\n\n-- 4.');
});

test('an engine without bytes says so', () => {
  const text = renderPlan({ ...PLAN, engine: 'duckdb', bytes: null, rebuilt: [] }, { width: 200, withSql: false });
  expect(text).not.toContain('Would scan');
  expect(text).toContain('4 statements; bytes are not known\nnothing would be rebuilt over all history\n');
});

test('programs get all of it', () => {
  expect(planAsJson(PLAN)).toMatchObject({
    engine: 'bigquery',
    bytes: 1_500_000_250,
    statements_of_unknown_bytes: 2,
    rebuilt: ['events', 'sessions'],
    statements: [
      { step: 'events', label: 'events: source', bytes: 1_500_000_000, note: null, sql: 'create table s as select 1' },
      {},
      {},
      {},
    ],
  });
});
