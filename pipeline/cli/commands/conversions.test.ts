import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CONVERSION_CHANGES, CONVERSIONS } from '../../models/conversions/tables.ts';
import { publish } from '../../query/testing/publish.ts';
import { openWorld } from '../../testing/world.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { registerConversions } from './conversions.ts';
import { googleAccount } from './google-account.ts';
import { run } from './testing/run-command.ts';

const CONFIG = `export default {
  project: { name: 'X', timeZone: 'Europe/Berlin', currency: 'EUR' },
  conversions: [
    { name: 'lead', label: 'Lead', sql: 'lead.sql', adjustmentDays: 3650 },
    { name: 'closed_won', label: 'Closed/Won', sql: 'lead.sql', value: 'money', adjustmentDays: 180, inherit: { from: 'lead' } },
    { name: 'demo', label: 'Demo', kind: 'event', event: 'demo_requested' },
    { name: 'order', label: 'Order', kind: 'purchase', normalize: { to: 'closed_won' } },
    { name: 'contact', label: 'Contact', kind: 'combined', of: ['demo', 'order'] },
    { name: 'wrong', label: 'Wrong', sql: 'wrong.sql' },
  ],
};`;

const conversion = (id: string, conversion_time: string): Row => ({
  conversion_name: 'lead',
  id,
  conversion_time,
  attribution_time: conversion_time,
  conversion_date: conversion_time.slice(0, 10),
  params: [],
});

let folder: string;
let data: string;
const file = () => path.join(data, 'warehouse.duckdb');
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-conversions-'));
  data = path.join(folder, 'data');
  await mkdir(path.join(folder, 'conversions'), { recursive: true });
  await mkdir(data);
  await writeFile(path.join(folder, 'touchtrail.config.mjs'), CONFIG);
  await writeFile(path.join(folder, 'conversions', 'draft.sql'), 'select 1');
  await writeFile(
    path.join(folder, 'lead.sql'),
    `select 'L1' as id, timestamp '2026-03-02 10:00:00' as created, 'a' as client_id, 'jane@fernhill.example' as email, 5.5 as value
     where timestamp '2026-03-02 10:00:00' >= @from and timestamp '2026-03-02 10:00:00' < @to`,
  );
  await writeFile(path.join(folder, 'wrong.sql'), 'select 5 as id');
  const world = await openWorld({}, await openDuckDb(file()));
  const changed = { changed_at: '2026-03-05T02:00:00.000Z', conversion_name: 'closed_won', reason: 'source' };
  const changes: Row[] = [
    { ...changed, id: 'D1', change: 'updated', column_name: 'original_value', from_value: '50000', to_value: '75000' },
    { ...changed, id: 'D1', change: 'updated', column_name: 'email_hash', from_value: 'a'.repeat(64), to_value: 'b'.repeat(64) },
    { ...changed, id: 'D2', change: 'deleted', column_name: '', from_value: '100', to_value: null, reason: 'disappeared' },
    { ...changed, changed_at: '2026-02-05T02:00:00.000Z', id: 'D2', change: 'inserted', column_name: '', to_value: '100' },
    { ...changed, conversion_name: 'lead', changed_at: '2026-02-05T02:00:00.000Z', id: 'L9', change: 'inserted', column_name: '' },
  ];
  await world.events({ who: 'a', at: '09:00' });
  await world.close();
  changes.push({
    ...changed,
    conversion_name: 'former',
    changed_at: '2026-01-01T02:00:00.000Z',
    id: 'F1',
    change: 'deleted',
    column_name: '',
    reason: 'definition',
  });
  await publish(data, [
    [CONVERSIONS, [conversion('L1', '2026-03-02T10:00:00.000Z'), conversion('L2', '2026-03-01T10:00:00.000Z')]],
    [CONVERSION_CHANGES, changes],
  ]);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = undefined;
});

const ask = (...args: readonly string[]) =>
  run(registerConversions, data, ['--config', path.join(folder, 'touchtrail.config.mjs'), 'conversions', ...args]);

describe('conversions list', () => {
  test('shows kind, window, parent, the count of the publication and the last change', async () => {
    const { stdout, stderr } = await ask('list');
    expect(stdout).toBe(
      `Name        Label       Kind      Made from                 Latest      Last change           Window  Conversions
──────────  ──────────  ────────  ────────────────────────  ──────────  ────────────────────  ──────  ───────────
lead        Lead        query     —                         2 Mar 2026  Thu 5 Feb 2026 03:00  3650 d            2
closed_won  Closed/Won  query     inherits from lead        —           Thu 5 Mar 2026 03:00   180 d            0
demo        Demo        event     —                         —           —                          —            —
order       Order       purchase  normalised by closed_won  —           —                       30 d            —
contact     Contact     combined  demo, order               —           —                          —            —
wrong       Wrong       query     —                         —           —                       30 d            —
`,
    );
    expect(stderr).toBe(
      'conversions/draft.sql is no conversion: it does not begin with front matter, and no conversion of the config names it\n',
    );
  });

  test('does not take what is for the single conversions of a name', async () => {
    await expect(ask('list', '--filter', 'channel=Email')).rejects.toThrow(
      '--filter is for the conversions of one name: touchtrail conversions list closed_won --filter …',
    );
  });

  test('says the same to programs', async () => {
    const { stdout } = await ask('list', '--json');
    expect((JSON.parse(stdout) as unknown[])[1]).toEqual({
      name: 'closed_won',
      label: 'Closed/Won',
      kind: 'sql',
      value: 'money',
      adjustment_days: 180,
      parent: 'lead',
      parts: [],
      normalized_to: null,
      conversions: 0,
      last_conversion_time: null,
      last_change: '2026-03-05T02:00:00.000000Z',
    });
    expect((await ask('list', '--csv')).stdout.split('\r\n')[5]).toBe('contact,Contact,combined,money,,,demo order,,,,');
  });
});

describe('conversions check', () => {
  test('shows columns, rows and persons, and no address', async () => {
    const { stdout } = await ask('check', 'lead');
    expect(stdout).toBe(
      `Column     Type       
─────────  ─────────  ──
id         STRING     ok
created    TIMESTAMP  ok
client_id  STRING     ok
email      STRING     ok
value      FLOAT64    ok

1 row since ${daysAgo(3650)}.

Id  Time                  Person  Found by                    Value
──  ────────────────────  ──────  ────────────────────────  ───────
L1  Mon 2 Mar 2026 11:00  nobody  not by client id, e-mail  5.5 EUR

lead: nothing is wrong
`.replaceAll('Type       \n', 'Type\n'),
    );
    expect(process.exitCode).toBeUndefined();
  });

  test('exits with 1 where something is wrong, and says what', async () => {
    const { stdout } = await ask('check', 'wrong');
    expect(stdout).toContain('PROBLEM  column "created" is missing; expected TIMESTAMP or DATE\n');
    expect(stdout).toContain('created    missing  PROBLEM\n');
    expect(stdout.split('\n').at(-2)).toBe('wrong: 3 problems');
    expect(process.exitCode).toBe(1);
  });

  test('asks for a name there is', async () => {
    await expect(ask('check', 'leed')).rejects.toMatchObject({
      exitCode: 2,
      message: '"leed": no such conversion; did you mean "lead"?',
    });
  });

  test('says of events that are not there which ones are', async () => {
    const { stdout } = await ask('check', 'demo');
    expect(stdout).toContain('note     there is no event "demo_requested" since ');
    expect(stdout).toContain(': none was sent with track at all\n');
  });

  test('looks at the publication while a run holds the warehouse', async () => {
    const script = `
      const { openDuckDb } = await import(${JSON.stringify(new URL('../../warehouse/duckdb/duckdb.ts', import.meta.url).href)});
      await openDuckDb(${JSON.stringify(file())});
      process.stdout.write('open');
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      await expect(ask('check', 'lead')).rejects.toThrow(
        'a run is writing to the warehouse, and the publication has no table "identities": ask again when the run has ended',
      );
      // These are of the publication anyway.
      expect((await ask('list')).stdout).toContain('lead        Lead        query');
      expect((await ask('changes', 'lead')).stdout).toContain('L9');
    } finally {
      holder.kill();
      await once(holder, 'exit');
    }
  });
});

describe('conversions changes', () => {
  test('shows the change log, latest first, hashes shortened', async () => {
    const { stdout } = await ask('changes');
    expect(stdout).toBe(
      `Seen                  Conversion  Id  Change    Column          From       To         Why
────────────────────  ──────────  ──  ────────  ──────────────  ─────────  ─────────  ──────────────────────────
Thu 5 Mar 2026 03:00  closed_won  D1  updated   email_hash      aaaaaaaa…  bbbbbbbb…  —
Thu 5 Mar 2026 03:00  closed_won  D1  updated   original_value  50000      75000      —
Thu 5 Mar 2026 03:00  closed_won  D2  deleted   —               100        —          the source has it no more
Thu 5 Feb 2026 03:00  closed_won  D2  inserted  —               —          100        —
Thu 5 Feb 2026 03:00  lead        L9  inserted  —               —          —          —
Thu 1 Jan 2026 03:00  former      F1  deleted   —               —          —          not of the config any more
`,
    );
  });

  test('of one conversion, since a day', async () => {
    const rows = async (...args: string[]) =>
      (JSON.parse((await ask('changes', ...args, '--json')).stdout) as { id: string }[]).map(({ id }) => id);
    expect(await rows('lead')).toEqual(['L9']);
    expect(await rows('closed_won', '--since', '2026-03-05')).toEqual(['D1', 'D1', 'D2']);
    expect(await rows('--limit', '1')).toEqual(['D1']);
    expect((await ask('changes', 'demo')).stdout).toBe('No conversion has changed.\n');
    expect(await rows('former')).toEqual(['F1']);
    await expect(ask('changes', 'leed')).rejects.toThrow('"leed": no such conversion; did you mean "lead"?');
    await expect(ask('changes', '--since', 'yesterday')).rejects.toThrow('--since yesterday: expected a date such as 2026-06-30');
  });
});

test('a publication of an earlier version has no change log, and none at all is told', async () => {
  const older = path.join(folder, 'older');
  await mkdir(older);
  const there = (...args: string[]) =>
    run(registerConversions, older, ['--config', path.join(folder, 'touchtrail.config.mjs'), 'conversions', ...args]);
  await expect(there('changes')).rejects.toThrow('no publication yet');
  expect((await there('list')).stderr).toContain('no publication yet, so nothing is counted: run `touchtrail run`');
  await publish(older, [[CONVERSIONS, []]]);
  await expect(there('changes')).rejects.toThrow(/has no table "conversion_changes": .*run `touchtrail run` once/);
  await expect(there('list')).rejects.toThrow(/has no table "conversion_changes": .*run `touchtrail run` once/);
});

test('the account that asks is named by its key file', async () => {
  const key = path.join(folder, 'key.json');
  await writeFile(key, JSON.stringify({ type: 'service_account', client_email: 'nightly@p.iam.gserviceaccount.com' }));
  expect(googleAccount({ GOOGLE_APPLICATION_CREDENTIALS: key })).toBe('the service account nightly@p.iam.gserviceaccount.com');
  expect(googleAccount({ GOOGLE_APPLICATION_CREDENTIALS: path.join(folder, 'absent.json') })).toBeUndefined();
  expect(googleAccount({})).toBeUndefined();
});

/** As the terminal writes the day in Berlin. */
function daysAgo(days: number): string {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin' }).format(new Date());
  const [year, month, day] = new Date(Date.parse(`${today}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10).split('-');
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  return `${Number(day)} ${months[Number(month) - 1]} ${year}`;
}
