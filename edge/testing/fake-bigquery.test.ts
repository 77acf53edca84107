import { expect, test } from 'vitest';
import type { Column } from '../contract/columns.ts';
import { type BigQueryFault, FakeBigQuery, type FakeBigQueryOptions } from './fake-bigquery.ts';

const COLUMNS: readonly Column[] = [
  { name: 'id', type: 'STRING', mode: 'required', description: '' },
  { name: 'data', type: 'JSON', mode: 'nullable', description: '' },
];
const LATE: Column = { name: 'late', type: 'STRING', description: '' };
const ROOT = 'https://bigquery.googleapis.com/bigquery/v2/projects/p/datasets/d/tables';

let clock = 0;

function setUp(options: Partial<FakeBigQueryOptions> = {}) {
  clock = 1_000_000;
  const notes: string[] = [];
  const bigquery = new FakeBigQuery({
    project: 'p',
    dataset: 'd',
    verifyToken: async (token) => (token === 'good' ? undefined : 'it has expired'),
    now: () => clock,
    note: (action) => notes.push(action),
    ...options,
  });
  bigquery.createTable('t', COLUMNS);
  const insert = async (rows: readonly object[], { url = `${ROOT}/t/insertAll`, token = 'good', ...more } = {}) => {
    const init = { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body: JSON.stringify({ rows, ...more }) };
    const response = await bigquery.fetch(url, init);
    const body = (await response.json()) as { insertErrors?: unknown; error?: { message: string; errors: { reason: string }[] } };
    return { status: response.status, retryAfter: response.headers.get('Retry-After'), ...body };
  };
  const ids = () => bigquery.rows('t').map(({ id }) => id);
  return { bigquery, insert, ids, notes };
}

const row = (id: unknown, insertId?: string) => ({ json: { id }, ...(insertId !== undefined && { insertId }) });
const stopped = (index: number) => ({ index, errors: [{ reason: 'stopped', location: '', debugInfo: '', message: '' }] });

test('good rows are stored as they are', async () => {
  const { insert, bigquery, notes } = setUp();
  const answer = await insert([row('a'), { json: { id: 'b', data: '{"n":1}' } }]);
  expect(answer).toEqual({ status: 200, retryAfter: null, kind: 'bigquery#tableDataInsertAllResponse' });
  expect(bigquery.rows('t')).toEqual([{ id: 'a' }, { id: 'b', data: '{"n":1}' }]);
  expect(notes).toEqual(['stored t 2']);
});

test('one bad row stops all others of the call, and nothing is stored', async () => {
  const { insert, ids } = setUp();
  const { status, insertErrors } = await insert([row('a'), row(5), row('c')]);
  const bad = { reason: 'invalid', location: 'id', debugInfo: '', message: 'Could not convert value to string. Field: id' };
  expect({ status, insertErrors }).toEqual({ status: 200, insertErrors: [stopped(0), { index: 1, errors: [bad] }, stopped(2)] });
  expect(ids()).toEqual([]);
});

test('skipInvalidRows stores the good ones, ignoreUnknownValues throws values away: both as documented', async () => {
  const { insert, bigquery } = setUp();
  await insert([row('a'), row(5)], { skipInvalidRows: true } as object);
  await insert([{ json: { id: 'b', unknown: 1 } }], { ignoreUnknownValues: true } as object);
  expect(bigquery.rows('t').map(({ id }) => id)).toEqual(['a', 'b']);
});

test('rows that a test chooses are invalid, or refuse the whole request', async () => {
  const { insert, ids } = setUp({ refusesRow: ({ id }) => id === 'bad', refusesAll: ({ id }) => id === 'worse' });
  expect((await insert([row('a'), row('bad')])).insertErrors).toMatchObject([stopped(0), { index: 1, errors: [{ reason: 'invalid' }] }]);
  expect(await insert([row('a'), row('worse')])).toMatchObject({ status: 400, error: { message: 'Invalid JSON payload received.' } });
  expect(ids()).toEqual([]);
});

test('an insertId is remembered for a minute, then forgotten', async () => {
  const { insert, ids } = setUp();
  await insert([row('a', 'one')]);
  clock += 59_999;
  await insert([row('a', 'one'), row('b', 'two')]);
  expect(ids()).toEqual(['a', 'b']);
  clock += 1;
  await insert([row('a', 'one')]);
  expect(ids()).toEqual(['a', 'b', 'a']);
});

const PADDED = '{"rows":[{"json":{"id":"p"}}],"padding":""}';
const padding = (bytes: number) => ({ padding: 'x'.repeat(bytes - PADDED.length) }) as object;

test('both sides of each limit', async () => {
  const { insert, ids } = setUp({ limits: { requestBytes: 400, rowBytes: 50, rows: 3, insertIdLength: 4 } });
  const sized = (bytes: number) => row('x'.repeat(bytes - '{"id":""}'.length));
  expect((await insert([sized(50)])).insertErrors).toBeUndefined();
  expect((await insert([{ json: { id: 'é'.repeat(21) } }])).insertErrors).toMatchObject([
    { errors: [{ message: 'Maximum allowed row size exceeded. Allowed: 50 Row size: 51' }] },
  ]);
  expect((await insert([row('a', '1234')])).insertErrors).toBeUndefined();
  expect((await insert([row('a', '12345')])).insertErrors).toMatchObject([{ errors: [{ reason: 'invalid' }] }]);
  expect((await insert([row('1'), row('2'), row('3')])).status).toBe(200);
  expect((await insert([row('1'), row('2'), row('3'), row('4')])).error?.message).toBe('Too many rows present in the request, limit is 3.');
  expect((await insert([row('p')], padding(400))).status).toBe(200);
  expect((await insert([row('p')], padding(401))).error?.message).toBe('Request payload size exceeds the limit: 400 bytes.');
  expect((await insert([row('p')], padding(800))).status).toBe(400);
  expect((await insert([row('p')], padding(801))).status).toBe(413);
  expect(ids()).toHaveLength(6);
});

test('who has no good token gets 401, wherever the request goes', async () => {
  const { insert, bigquery, ids } = setUp();
  expect((await insert([row('a')], { token: 'old' })).error?.errors).toMatchObject([{ reason: 'authError' }]);
  expect((await bigquery.fetch(`${ROOT}/t/insertAll`, { method: 'POST', body: '{}' })).status).toBe(401);
  expect(ids()).toEqual([]);
});

test('a table that is missing, of another project, or was made moments ago is not found', async () => {
  const { insert, bigquery, ids } = setUp();
  expect((await insert([row('a')], { url: `${ROOT}/other/insertAll` })).error?.message).toBe('Not found: Table p:d.other');
  expect((await insert([row('a')], { url: `${ROOT.replace('/p/', '/q/')}/t/insertAll` })).status).toBe(404);
  expect((await bigquery.fetch('https://example.test/')).status).toBe(404);
  bigquery.dropTable('t');
  bigquery.createTable('t', COLUMNS, 120_000);
  expect((await insert([row('a')])).status).toBe(404);
  clock += 120_000;
  expect((await insert([row('a')])).status).toBe(200);
  expect(ids()).toEqual(['a']);
});

test('a column that was added is an unknown field until streaming has seen it', async () => {
  const { insert, bigquery } = setUp();
  bigquery.addColumn('t', LATE, 60_000);
  const rows = [{ json: { id: 'a', late: 'x' } }];
  expect((await insert(rows)).insertErrors).toMatchObject([{ errors: [{ reason: 'invalid', message: 'no such field: late.' }] }]);
  clock += 60_000;
  expect((await insert(rows)).insertErrors).toBeUndefined();
});

test.each(['{', 'null', '{"rows":[]}', '{"rows":{}}', '{"rows":[{}]}', '{"rows":[{"json":{},"insertId":1}]}'])(
  '%s is refused as a whole',
  async (body) => {
    const { bigquery } = setUp();
    const response = await bigquery.fetch(`${ROOT}/t/insertAll`, { method: 'POST', headers: { Authorization: 'Bearer good' }, body });
    expect(response.status).toBe(400);
  },
);

test.each<[BigQueryFault, string[]]>([
  [{ kind: 'status', status: 429, reason: 'rateLimitExceeded', retryAfter: '7' }, []],
  [{ kind: 'status', status: 403, reason: 'quotaExceeded' }, []],
  [{ kind: 'stored and status', status: 503, reason: 'backendError' }, ['a']],
])('%o: the answer is that error', async (fault, stored) => {
  const { insert, ids } = setUp({ fault: () => fault });
  const { status, retryAfter, error } = await insert([row('a')]);
  const { status: wanted, reason, retryAfter: after = null } = fault as BigQueryFault & { kind: 'status' };
  expect([status, error?.errors[0]?.reason, retryAfter]).toEqual([wanted, reason, after]);
  expect(ids()).toEqual(stored);
});

test('an error may come as a page of HTML', async () => {
  const { bigquery } = setUp({ fault: () => ({ kind: 'status', status: 502, reason: '', html: true }) });
  const response = await bigquery.fetch(`${ROOT}/t/insertAll`, { method: 'POST', headers: { Authorization: 'Bearer good' }, body: '{}' });
  expect([response.status, (await response.text()).slice(0, 6)]).toEqual([502, '<html>']);
});

test('rows that failed for a passing reason stop the others', async () => {
  const { insert, ids } = setUp({ fault: () => ({ kind: 'rows', reason: 'backendError', every: 2 }) });
  const { insertErrors } = await insert([row('a'), row('b'), row('c')]);
  expect(insertErrors).toMatchObject([{ errors: [{ reason: 'backendError' }] }, stopped(1), { errors: [{ reason: 'backendError' }] }]);
  expect(ids()).toEqual([]);
});

test.each<[BigQueryFault['kind'], string[]]>([
  ['reset', []],
  ['stored and reset', ['a']],
  ['hang', []],
  ['stored and hang', ['a']],
  ['stored and cut', ['a']],
])('%s: the caller gets no answer', async (kind, stored) => {
  const { bigquery, ids } = setUp({ fault: () => ({ kind }) as BigQueryFault });
  const caller = new AbortController();
  const body = JSON.stringify({ rows: [row('a')] });
  const init = { method: 'POST', headers: { Authorization: 'Bearer good' }, body, signal: caller.signal };
  const answer = bigquery.fetch(`${ROOT}/t/insertAll`, init).then((response) => response.text());
  const outcome = expect(answer).rejects.toThrow(kind.endsWith('hang') ? 'given up' : 'Network connection lost.');
  // Nothing but the caller's own patience ends what hangs.
  setTimeout(() => caller.abort(new Error('given up')), 20);
  await outcome;
  expect(ids()).toEqual(stored);
});

test('faults are chosen by what is asked for', async () => {
  const calls: object[] = [];
  const { insert } = setUp({ fault: (call) => void calls.push(call) });
  await insert([row('a'), row('b')]);
  expect(calls).toEqual([{ table: 't', rows: 2 }]);
});
