import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { hostOf, parameterIn, pathOf, upToHost } from './site-addresses.ts';
import { LANDINGS } from './testing/landings.ts';

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
});
afterAll(() => warehouse.close());

/** What an expression over `url` says of each address. */
async function saying(urls: readonly string[], expression: Sql): Promise<(string | null)[]> {
  const given = warehouse.dialect.values(
    'given',
    { place: 'INT64', url: 'STRING' },
    urls.map((url, i) => [i, url]),
  );
  const rows = await warehouse.rows<{ said: string | null }>(sql`select ${expression} as said from ${given} order by place nulls first`);
  return rows.map(({ said }) => said);
}

/** An address, its host, its path, and the first of the parameters `pid` and `p.id` that has a value. */
const ADDRESSES: readonly (readonly [url: string, host: string | null, path: string | null, parameter: string | null])[] = [
  ['https://a.example/b/c?pid=1', 'a.example', '/b/c', 'pid'],
  ['https://a.example', 'a.example', '/', null],
  ['https://a.example?PID=1', 'a.example', '/', 'pid'],
  ['https://a.example#/x?pid=1', 'a.example', '/', null],
  ['http://a/b', 'a', '/b', null],
  ['http://a', 'a', '/', null],
  ['HTTPS://A.Example:8080/B', 'a.example', '/B', null],
  ['https://u:p@a.example/', 'a.example', '/', null],
  ['https://a.example./', 'a.example', '/', null],
  ['http://[::1]:80/x', '[::1]', '/x', null],
  ['android-app://com.example.app', 'com.example.app', null, null],
  ['android-app://com.example.app/https/a.example', 'com.example.app', null, null],
  ['ios-app://123/x', '123', null, null],
  ['https://a.example/?x=1&p.id=2&pid=3', 'a.example', '/', 'p.id'],
  ['https://a.example/?pid=&p.id=2', 'a.example', '/', 'p.id'],
  ['https://a.example/?p-id=2', 'a.example', '/', null],
  ['https://a.example/?xpid=2', 'a.example', '/', null],
  ['https://a.example/pid=2', 'a.example', '/pid=2', null],
  ['https://müller.example/ä?pid=ö', 'müller.example', '/ä', 'pid'],
  ['https:///x', null, '/x', null],
  ['mailto:a@b.example', null, null, null],
  ['x', null, null, null],
  ['', null, null, null],
];

test('the host of an address', async () => {
  const found = await saying(
    ADDRESSES.map(([url]) => url),
    hostOf(warehouse.dialect, raw('url')),
  );
  expect(found).toEqual(ADDRESSES.map(([, host]) => host));
});

test('cut behind its host, an address has the same host', async () => {
  const urls = [...ADDRESSES.map(([url]) => url), ...LANDINGS.flatMap(({ landing, referrer }) => [landing, referrer ?? ''])];
  const cut = upToHost(warehouse.dialect, raw('url'));
  expect(await saying(urls, hostOf(warehouse.dialect, cut))).toEqual(await saying(urls, hostOf(warehouse.dialect, raw('url'))));
  expect(await saying(['https://www.example.com/a/b?c=d'], cut)).toEqual(['https://www.example.com/']);
});

test('the path of a web address', async () => {
  const web = ADDRESSES.filter(([, , path]) => path !== null);
  const found = await saying(
    web.map(([url]) => url),
    pathOf(warehouse.dialect, raw('url')),
  );
  expect(found).toEqual(web.map(([, , path]) => path));
});

test('the first parameter with a value', async () => {
  const found = await saying(
    ADDRESSES.map(([url]) => url),
    parameterIn(warehouse.dialect, raw('url'), ['pid', 'p.id']),
  );
  expect(found).toEqual(ADDRESSES.map(([, , , parameter]) => parameter));
});
