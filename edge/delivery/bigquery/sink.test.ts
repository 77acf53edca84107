import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SinkRow } from '../sink.ts';
import { createBigQuerySink } from './sink.ts';
import type { TokenSource } from './token.ts';

/** What BigQuery answers to the names of the rows of a request. */
type Behaviour = (names: string[], call: number) => Response | Error | Promise<Response>;

const PROBE = '?';
const stored = () => Response.json({ kind: 'bigquery#tableDataInsertAllResponse' });
const refused = (status: number, headers = {}) =>
  Response.json({ error: { message: `words ${status}`, errors: [{ reason: `reason ${status}` }] } }, { status, headers });
/** One bad row stops all others. */
const withErrors = (names: readonly string[], bad: Readonly<Record<string, string>>) =>
  Response.json({
    kind: 'bigquery#tableDataInsertAllResponse',
    insertErrors: names.map((name, index) => ({
      index,
      errors: [{ reason: bad[name] ?? 'stopped', message: bad[name] ? `words ${name}` : '' }],
    })),
  });

let requests: string[];
let tokens: TokenSource & { forgotten: string[] };
beforeEach(() => {
  requests = [];
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
  let number = 1;
  const forgotten: string[] = [];
  tokens = { forgotten, get: async () => `token-${number}`, forget: (token) => void (forgotten.push(token), number++) };
});
afterEach(() => void vi.restoreAllMocks());

function answering(behaviour: Behaviour) {
  return vi.spyOn(globalThis, 'fetch').mockImplementation(async (_, init) => {
    const { rows } = JSON.parse(init?.body as string) as { rows: { json: { name?: string } }[] };
    // A row without a name asks whether the table works.
    const names = rows.map(({ json }) => json.name ?? PROBE);
    requests.push(names.join(''));
    const answer = await behaviour(names, requests.length);
    if (answer instanceof Error) throw answer;
    return answer;
  });
}

const rowsOf = (names: string): SinkRow[] => names.split('').map((name) => ({ id: `id-${name}`, text: `{"name":"${name}"}` }));
/** The outcomes in short: s stored, i invalid, and the reasons of the others. */
async function write(names: string, timeoutMs?: number) {
  const outcomes = await createBigQuerySink({ project: 'p', dataset: 'd' }, tokens, timeoutMs).write('events_raw', rowsOf(names));
  return outcomes.map((outcome) => (outcome.status === 'retry' ? outcome.reason : outcome.status.charAt(0))).join(' ');
}

test('rows are posted to their table with their ids; nothing is to be dropped silently', async () => {
  const fetched = answering(stored);
  expect(await write('ab')).toBe('s s');
  const [url, init] = fetched.mock.calls[0]!;
  expect(url).toBe('https://bigquery.googleapis.com/bigquery/v2/projects/p/datasets/d/tables/events_raw/insertAll');
  expect(init).toMatchObject({ method: 'POST', headers: { authorization: 'Bearer token-1', 'content-type': 'application/json' } });
  expect(init?.body).toBe('{"rows":[{"insertId":"id-a","json":{"name":"a"}},{"insertId":"id-b","json":{"name":"b"}}]}');
});

test('stopped rows are sent again without the invalid ones, round after round', async () => {
  answering((names) => {
    const bad = ['b', 'd'].find((name) => names.includes(name));
    return bad ? withErrors(names, { [bad]: 'invalid' }) : stored();
  });
  expect(await write('abcde')).toBe('s i s i s');
  expect(requests).toEqual(['abcde', 'acde', 'ace']);
});

test('the words of an invalid row are told', async () => {
  answering((names) => withErrors(names, { a: 'invalid' }));
  expect(await createBigQuerySink({ project: 'p', dataset: 'd' }, tokens).write('events_raw', rowsOf('a'))).toEqual([
    { status: 'invalid', detail: 'invalid: words a' },
  ]);
});

test('a row whose reason may pass is left for later; those it stopped are not', async () => {
  answering((names) => (names.includes('b') ? withErrors(names, { b: 'backendError', c: 'invalid' }) : stored()));
  expect(await write('abc')).toBe('s backendError i');
});

test('rows that an answer with errors does not name are sent again: a copy rather than a loss', async () => {
  answering((_, call) => {
    const kind = 'bigquery#tableDataInsertAllResponse';
    return call === 1 ? Response.json({ kind, insertErrors: [{ index: 1, errors: [{ reason: 'invalid' }] }] }) : stored();
  });
  expect(await write('abc')).toBe('s i s');
  expect(requests).toEqual(['abc', 'ac']);
});

test('where all are stopped and none is to blame, all are left for later', async () => {
  answering((names) => withErrors(names, {}));
  expect(await write('abc')).toBe('stopped stopped stopped');
  expect(requests).toEqual(['abc']);
});

test('invalid rows end after a bounded number of requests; what is found by then is settled', async () => {
  answering((names) => (names[0] === 'z' ? stored() : withErrors(names, { [names[0]!]: 'invalid' })));
  const names = Array.from({ length: 100 }, (_, i) => String.fromCharCode(0x4e00 + i)).join('');
  expect(await write(names)).toBe([...Array<string>(60).fill('i'), ...Array<string>(40).fill('undecided')].join(' '));
  expect(requests).toHaveLength(60);
});

test('too large a request is halved; a row that is too large alone is invalid', async () => {
  answering((names) => (names.length > 2 || names.includes('e') ? refused(413) : stored()));
  expect(await write('abcde')).toBe('s s s s i');
  expect(requests).toEqual(['abcde', 'abc', 'ab', 'c', 'de', 'd', 'e']);
});

test('a refused request is halved down to the bad rows', async () => {
  answering((names) => (names.includes('c') || names.includes('h') ? refused(400) : stored()));
  expect(await write('abcdefgh')).toBe('s s i s s s s i');
  expect(requests).toEqual(['abcdefgh', 'abcd', 'ab', 'cd', 'c', 'd', 'efgh', 'ef', 'gh', 'g', 'h']);
});

test('where every request is refused, no row is to blame: that is the request, or the table', async () => {
  answering(() => refused(400));
  expect(await write('abcd')).toBe('refused refused refused refused');
  requests = [];
  expect(await write('a')).toBe('refused');
  expect(requests).toEqual(['a', PROBE]);
  requests = [];
  const many = await write('x'.repeat(500));
  expect(new Set(many.split(' '))).toEqual(new Set(['undecided']));
  // The last one asks whether the table works.
  expect(requests).toHaveLength(61);
});

test('a row that is refused without company is to blame where its table takes requests: one is asked that it can only complain about', async () => {
  const fetched = answering((names) => (names[0] === PROBE ? withErrors(names, { [PROBE]: 'invalid' }) : refused(400)));
  expect(await createBigQuerySink({ project: 'p', dataset: 'd' }, tokens).write('events_raw', rowsOf('a'))).toEqual([
    { status: 'invalid', detail: 'words 400' },
  ]);
  expect(requests).toEqual(['a', PROBE]);
  const [url, init] = fetched.mock.calls[1]!;
  expect(url).toBe('https://bigquery.googleapis.com/bigquery/v2/projects/p/datasets/d/tables/events_raw/insertAll');
  // No table has this column, so that nothing of it is ever stored.
  expect(init?.body).toBe('{"rows":[{"insertId":"probe","json":{"touchtrail_probe":true}}]}');
  requests = [];
  expect(await write('ab')).toBe('i i');
  expect(requests).toEqual(['ab', 'a', 'b', PROBE]);
  expect(vi.mocked(console.warn)).not.toHaveBeenCalled();
});

test.each<[string, () => Response | Error]>([
  ['is missing', () => refused(404)],
  ['may not be written', () => refused(403)],
  ['cannot be written just now', () => refused(503)],
  ['answers nothing', () => new TypeError('Network connection lost.')],
  ['takes what it has no column for', stored],
])('a row that is refused without company is tried again where its table %s', async (_, answer) => {
  answering((names) => (names[0] === PROBE ? answer() : refused(400)));
  expect(await write('a')).toBe('refused');
  expect(requests).toEqual(['a', PROBE]);
});

test('after an answer that may be another one later nobody asks whether the table works', async () => {
  answering((names) => (names.join('') === 'b' ? refused(503) : refused(400)));
  expect(await write('ab')).toBe('status_503 status_503');
  expect(requests).toEqual(['ab', 'a', 'b']);
});

test('of a refused request status and reason are logged, never the words: they may quote the row', async () => {
  answering(() =>
    Response.json(
      { error: { message: 'Invalid value: "Jo Miller, 12 Elm Street"', errors: [{ reason: 'invalid', message: 'Jo Miller' }] } },
      { status: 400 },
    ),
  );
  expect(await write('a')).toBe('refused');
  expect(vi.mocked(console.warn).mock.calls).toEqual([
    ['{"level":"warn","event":"bigquery","table":"events_raw","reason":"refused","rows":1,"status":400,"cause":"invalid"}'],
  ]);
  vi.mocked(console.warn).mockClear();
  answering(() => new Response('<html>Jo Miller</html>', { status: 400 }));
  await write('a');
  expect(vi.mocked(console.warn).mock.calls.join()).toContain('"reason":"refused","rows":1,"status":400}');
});

test('a refused token is renewed once', async () => {
  answering((_, call) => (call === 1 ? refused(401) : stored()));
  expect(await write('ab')).toBe('s s');
  expect([requests, tokens.forgotten]).toEqual([['ab', 'ab'], ['token-1']]);
});

test('where the new token is refused, too, all is left for later', async () => {
  answering(() => refused(401));
  expect(await write('ab')).toBe('unauthorized unauthorized');
  expect([requests, tokens.forgotten]).toEqual([
    ['ab', 'ab'],
    ['token-1', 'token-2'],
  ]);
});

test.each([403, 404, 408, 429, 500, 503])('%i leaves all for later, for as long as was asked', async (status) => {
  answering(() => refused(status, { 'retry-after': '30' }));
  const outcomes = await createBigQuerySink({ project: 'p', dataset: 'd' }, tokens).write('events_raw', rowsOf('ab'));
  const later = { status: 'retry', reason: `status_${status}`, afterSeconds: 30 };
  expect([outcomes, requests]).toEqual([[later, later], ['ab']]);
});

test('after an answer that may be another one later nothing more is asked for', async () => {
  answering((names) => (names.length > 2 ? refused(413) : names.includes('c') ? refused(503) : stored()));
  expect(await write('abcdef')).toBe('s s status_503 status_503 status_503 status_503');
  expect(requests).toEqual(['abcdef', 'abc', 'ab', 'c']);
});

test('a redirect is not followed, and leaves all for later', async () => {
  const fetched = answering(() => new Response(null, { status: 302, headers: { location: 'https://portal.example/' } }));
  expect(await write('ab')).toBe('status_302 status_302');
  expect(fetched.mock.calls.map(([, init]) => init?.redirect)).toEqual(['manual']);
});

test('a broken connection leaves all for later', async () => {
  answering(() => new TypeError('Network connection lost.'));
  expect(await write('ab')).toBe('unreachable unreachable');
});

test('silence leaves all for later', async () => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(
    async (_, init) =>
      await new Promise((__, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))),
  );
  expect(await write('ab', 5)).toBe('unreachable unreachable');
});

test('an answer that breaks off leaves all for later', async () => {
  const body = new ReadableStream({ start: (controller) => controller.error(new TypeError('Network connection lost.')) });
  answering(() => new Response(body));
  expect(await write('ab')).toBe('unreachable unreachable');
});

test('without a token all is left for later, and the log says why', async () => {
  tokens.get = async () => await Promise.reject(new Error('GOOGLE_SERVICE_ACCOUNT is not JSON'));
  answering(stored);
  expect([await write('ab'), requests]).toEqual(['token token', []]);
  expect(vi.mocked(console.error).mock.calls.join('')).toContain('GOOGLE_SERVICE_ACCOUNT is not JSON');
});

test('why BigQuery does not take anything is logged; what it says of a row is not, because it may quote it', async () => {
  answering(() => refused(403));
  await write('a');
  expect(vi.mocked(console.warn).mock.lastCall).toEqual([
    '{"level":"warn","event":"bigquery","table":"events_raw","reason":"status_403","rows":1,"message":"words 403"}',
  ]);
  vi.mocked(console.warn).mockClear();
  answering((names) => (names.includes('b') ? withErrors(names, { b: 'invalid' }) : names.includes('a') ? refused(400) : stored()));
  expect(await write('abc')).toBe('i i s');
  expect(vi.mocked(console.warn)).not.toHaveBeenCalled();
});
