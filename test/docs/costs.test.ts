import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashWriteKey, writeKeyId } from '../../edge/contract/write-key.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'costs.md'), 'utf8');

/** The rows of the table whose header begins so, cells without stars. */
function tableOf(header: string): string[][] {
  const lines = text.slice(text.indexOf(`\n| ${header} |`) + 1).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('*', '')),
  );
}
const numberIn = (cell: string) => {
  const value = Number(cell.replaceAll(',', ''));
  if (Number.isNaN(value) || cell === '') throw new Error(`"${cell}" is no number`);
  return value;
};

const UNITS: Readonly<Record<string, number>> = { month: 1, million: 1e6, 'million ms': 1e6, GiB: 2 ** 30, TiB: 2 ** 40 };
const prices = tableOf('What').map(([what, price, unit, included, source]) => {
  const size = UNITS[unit!]!;
  // Of countable things the number itself is said, of bytes the number of units.
  const free = numberIn(included!) * (unit!.startsWith('million') ? 1 : size);
  return { what: what!, price: numberIn(price!), size, free, source: source! };
});
const assumed = new Map(tableOf('Assumption').map(([name, value]) => [name!, numberIn(value!)]));
const assume = (name: string) => {
  const value = assumed.get(name);
  if (value === undefined) throw new Error(`the page assumes nothing about "${name}"`);
  return value;
};

function amounts(events: number): Readonly<Record<string, number>> {
  const requests = events / assume('events per request');
  const consumer = Math.min(requests, assume('consumer invocations per month at most') + requests / 100);
  const minimum = 30 * assume('statements per night') * 10 * 1024 * 1024;
  return {
    'Workers, plan': 1,
    'Workers, requests': requests + events * assume('script requests per event') + consumer + assume('scheduled invocations per month'),
    'Workers, CPU': events * assume('CPU ms per event'),
    'Queues, operations': requests * assume('queue operations per request'),
    'KV, reads': events * assume('key reads per event'),
    'R2, class A operations': requests * assume('spilled share of requests'),
    'Analytics Engine, data points': requests * assume('data points per request'),
    'BigQuery, streaming': events * assume('bytes per event row') + requests * assume('bytes per delivery row'),
    'BigQuery, storage': events * assume('stored bytes per event') * assume('months stored'),
    'BigQuery, queries': events * assume('bytes per event row') * assume('reads of each event by the nightly runs') + minimum,
  };
}

const SIZES = [1e6, 1e7, 1e8];
const money = (value: number) => value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

test('each price has its unit and its source, and each is used', () => {
  expect(prices.map(({ what }) => what)).toEqual(Object.keys(amounts(1)));
  for (const { source, size } of prices) {
    expect(source).toMatch(/^https:\/\/(?:developers\.cloudflare\.com|cloud\.google\.com)\//);
    expect(size).toBeGreaterThan(0);
  }
});

test('the table of costs follows from the prices and the assumptions', () => {
  const columns = SIZES.map((events) => {
    const costs = prices.map(({ what, price, size, free }) => (Math.max(0, amounts(events)[what]! - free) / size) * price);
    return [...costs, costs.reduce((sum, cost) => sum + cost, 0)].map(money);
  });
  const names = [...prices.map(({ what }) => what), 'Total'];
  expect(tableOf('Per month')).toEqual(names.map((name, row) => [name, ...columns.map((column) => column[row]!)]));
});

test('the header names the numbers of events that are computed', () => {
  expect(text).toContain('| Per month | 1 million events | 10 million events | 100 million events |');
});

const rowSizes = new Map(tableOf('Bytes of a row, as BigQuery counts them').map(([name, value]) => [name!, numberIn(value!)]));

/** Bytes of one row. */
const sizeOf = (name: string) => rowSizes.get(name)!;
/** https://cloud.google.com/bigquery/pricing#data: a text has 2 bytes and those of its UTF-8, a time and a whole number 8. */
const textSize = (value: string) => 2 + Buffer.byteLength(value);

test('the rows that reconcile reads have the size of their columns', () => {
  const [time, count] = [8, 8];
  const writeKey = textSize(writeKeyId(hashWriteKey('demo')));
  const [message, instance] = [textSize(crypto.randomUUID()), textSize(crypto.randomUUID())];
  const number = instance + 8;
  expect([...rowSizes]).toEqual([
    ['an event looked up', writeKey + message + number],
    ['an event received', writeKey + message + number + time],
    ['a delivery received', number + time + writeKey + count],
    ['a delivery between gaps', number + time],
  ]);
});

/** Bytes of one call for 7 days: always, and while the edge holds deliveries. */
function bytesOfCall(perMonth: number): readonly [always: number, more: number] {
  const events = perMonth * assume('months stored');
  const deliveries = events / assume('events per request');
  const ofDays = (perMonth * 7) / 30;
  return [
    events * 2 * sizeOf('an event looked up') +
      deliveries * sizeOf('a delivery between gaps') +
      ofDays * (2 * (sizeOf('an event received') + sizeOf('a delivery received')) + sizeOf('a delivery between gaps')),
    events * (sizeOf('an event looked up') + sizeOf('an event received')) +
      deliveries * (sizeOf('a delivery received') + sizeOf('a delivery between gaps')),
  ];
}

test('what a call of reconcile reads and costs follows from the sizes of its rows', () => {
  const { price, size } = prices.find(({ what }) => what === 'BigQuery, queries')!;
  const columns = SIZES.map((events) => bytesOfCall(events).flatMap((bytes) => [bytes / 2 ** 30, (bytes / size) * price].map(money)));
  const names = ['GiB read', 'USD', 'GiB more, while the edge holds deliveries', 'USD more, while the edge holds deliveries'];
  expect(tableOf('One call')).toEqual(names.map((name, at) => [name, ...columns.map((column) => column[at]!)]));
  expect(text).toContain('| One call | 1 million | 10 million | 100 million |');
});

test('the limit that init writes stops reconcile from the size that the page says', () => {
  // One statement: the ledger.
  const perEvent =
    assume('months stored') * sizeOf('an event looked up') + (7 / 30) * (sizeOf('an event received') + sizeOf('a delivery received'));
  const [, millions] = /from about (\d+) million events a month: raise the limit/.exec(text)!;
  expect(Number(millions)).toBe(Math.floor(100e9 / perEvent / 1e6));
});

test('the page about operations says the same of reconcile', async () => {
  const page = (await readFile(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8')).replaceAll('\n', ' ');
  const [gib, usd] = tableOf('One call');
  const said = SIZES.map((size, at) => `${Math.round(Number(gib![at + 1]))} GiB and ${usd![at + 1]} USD at ${size / 1e6} million`);
  for (const words of said) expect(page).toContain(words);
});
