import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { HOLE, problemsOf } from './plain-sql.ts';

const PIPELINE = fileURLToPath(new URL('../../pipeline/', import.meta.url));
/** The rooms whose SQL runs on both engines. */
const ROOMS = ['models', 'sources', 'query', 'night', 'privacy'];

/** Statements over the published snapshot, which is a DuckDB file whatever the warehouse is. */
const OF_SNAPSHOTS = new Set(['privacy/publications.ts', 'privacy/files.ts']);
/** What is known to be harmless, with the reason. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  // Numbers of this code; a rounded number; sums of integers; hexadecimal digits, which both engines read.
  'models/attribution/closed.ts': ['cast(… as int64)'],
  'models/attribution/custom.ts': ['cast(… as int64)'],
  'models/attribution/paths.ts': ['cast(… as int64)'],
  'models/attribution/rules.ts': ['cast(… as int64)'],
  // Of numbers from 0 downwards, by a half-life that the config has above 0; rounded to a millionth.
  'models/attribution/decay.ts': ['cast(… as int64)', 'pow()', '/: a division'],
  // Of numbers between −30 and 30, and rounded to a thousand-millionth.
  'models/attribution/visits/chance.ts': ['exp()', 'ln()'],
  'models/conversions/derive/windows.ts': ['cast(… as int64)'],
  'models/identity/edges.ts': ['cast(… as int64)'],
  'models/identity/person-key.ts': ['cast(… as int64)'],
  'models/costs/ad-reference.ts': ['cast(… as int64)'],
  'models/reports/source-key.ts': ['cast(… as int64)'],
};

const files = ROOMS.flatMap((room) =>
  readdirSync(path.join(PIPELINE, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.split(path.sep).includes('testing'))
    .map((name) => `${room}/${name.split(path.sep).join('/')}`)
    .filter((name) => !OF_SNAPSHOTS.has(name)),
);

/** The SQL written in a source file: `sql` templates and the texts given to `raw`, what is interpolated as a hole. */
function sqlIn(source: string): string[] {
  const found: string[] = [];
  const starts = /\bsql`|\braw\(\s*(?=[`'"])/g;
  for (let match = starts.exec(source); match; match = starts.exec(source)) {
    const quote = match[0].startsWith('sql') ? '`' : source[starts.lastIndex]!;
    found.push(literal(source, match[0].startsWith('sql') ? starts.lastIndex : starts.lastIndex + 1, quote));
  }
  return found;
}

/** The text of a literal from behind its opening quote; templates within a hole are found on their own. */
function literal(source: string, from: number, quote: string): string {
  let text = '';
  for (let i = from; i < source.length && source[i] !== quote; i++) {
    if (source[i] === '\\') text += source[++i];
    else if (quote === '`' && source.startsWith('${', i)) {
      i = endOfHole(source, i + 2);
      text += HOLE;
    } else text += source[i];
  }
  return text;
}

function endOfHole(source: string, from: number): number {
  for (let i = from, depth = 1; i < source.length; i++) {
    const character = source[i]!;
    if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return i;
    else if (character === "'" || character === '"') {
      for (i++; source[i] !== character; i++) if (source[i] === '\\') i++;
    } else if (character === '`') {
      for (i++; source[i] !== '`'; i++) {
        if (source[i] === '\\') i++;
        else if (source.startsWith('${', i)) i = endOfHole(source, i + 2);
      }
    }
  }
  throw new Error('a template is not closed');
}

describe('the SQL of the pipeline is what both engines read alike', () => {
  test.each(files)('%s', (file) => {
    const problems = sqlIn(readFileSync(path.join(PIPELINE, file), 'utf8')).flatMap((statement) =>
      problemsOf(statement)
        .filter((problem) => !KNOWN[file]?.some((known) => problem.startsWith(known)))
        .map((problem) => `${problem}\n  in ${statement.trim().slice(0, 120)}`),
    );
    expect(problems).toEqual([]);
  });
});

test('there is SQL to look at', () => {
  const statements = files.flatMap((file) => sqlIn(readFileSync(path.join(PIPELINE, file), 'utf8')));
  expect(statements.length).toBeGreaterThan(300);
});

/** What a model must not write, and the words by which it is refused. */
const REFUSED: readonly [sql: string, says: string][] = [
  ['select to_hex(sha256(x))', 'to_hex()'],
  ['select md5(x)', 'md5()'],
  ["select regexp_extract(x, '(a)')", 'regexp_extract()'],
  ["select regexp_contains(x, 'a')", 'regexp_contains()'],
  ["select json_value(x, '$.a')", 'json_value()'],
  ["select json_extract_scalar(x, '$.a')", 'json_extract_scalar()'],
  ["select x ->> '$.a'", '->'],
  ["select concat('a', x)", 'concat()'],
  ["select 'a' || x", '||'],
  ['select greatest(a, b)', 'greatest()'],
  ['select least(a, b)', 'least()'],
  ['select cast(x as int64)', 'cast(… as int64)'],
  ['select cast(x * 2.5 as int64) from t', 'cast(… as int64)'],
  ['select cast(x as string)', 'cast(… as string)'],
  ['select cast(x as numeric)', 'cast(… as numeric)'],
  ['select x::bigint', '::'],
  ['select safe_cast(x as date)', 'safe_cast()'],
  ['select any_value(x)', 'any_value'],
  ["select date(x, 'Europe/Berlin')", 'date() with a time zone'],
  ['select date_trunc(x, month)', 'date_trunc()'],
  ['select timestamp_diff(a, b, day)', 'timestamp_diff()'],
  ['select extract(dayofweek from x)', 'extract()'],
  ['select farm_fingerprint(x)', 'farm_fingerprint()'],
  ['select current_timestamp()', 'current_timestamp'],
  ['select current_date', 'current_date'],
  ["select x from t where x ilike 'a'", 'ilike'],
  ["select list_contains(x, 'a')", 'list_contains()'],
  ['select struct_pack(a := 1)', 'struct_pack()'],
  ['select array_agg(x)', 'array_agg()'],
  ['select x[1]', 'arrays count'],
  ['select item.a from t, unnest(items) as item', 'unnest()'],
  ['select struct(1 as a)', 'struct()'],
  ['select trim(x)', 'trim()'],
  ['select lower(x)', 'lower()'],
  ['select upper(x)', 'upper()'],
  ['select substr(x, 0, 2)', 'substr() from 0'],
  ['select a / b', 'a division by what may be 0'],
  ['select a // b', '//'],
  ['select sum(x) filter (where y)', 'FILTER'],
  ['select x from t order by x', 'says nothing of NULLs'],
  ['select x from t order by x desc, y nulls last limit 1', 'order by x desc'],
  ['select row_number() over (partition by a order by b) as n', 'says nothing of NULLs'],
  ["select string_agg(x, ',' order by x) from t", 'says nothing of NULLs'],
  ["select string_agg(x, ',' order by x nulls last) from t", 'string_agg() ordered against'],
  ['select sum(x) over (order by y nulls last) from t', 'BigQuery refuses it'],
  ['select sum(x) over (partition by a order by y desc nulls first) from t', 'BigQuery refuses it'],
];
test.each(REFUSED)('%s is refused', (statement, says) => {
  expect(problemsOf(statement).join('\n')).toContain(says);
  // The same within a statement that is fine otherwise, and in capitals.
  expect(problemsOf(`select 1 as one from (${statement.toUpperCase()}) as inner_rows`).join('\n').toLowerCase()).toContain(
    says.toLowerCase(),
  );
});

test.each([
  "select count(*), sum(x), 'a || b :: trim(x)' as text from t where x in (1, 2) -- lower(x)",
  'select a / 1000000, a / nullif(b, 0), cast(null as string), cast(sum(x) as int64) from t',
  'select row_number() over (partition by a order by b desc nulls last, c nulls first) as n from t qualify n = 1',
  'select sum(x) over (order by y nulls last rows between unbounded preceding and current row) from t',
  'select x from t order by x desc nulls last limit 3',
  'select date(occurred_at), cast(day as timestamp), substr(x, 1, 2), `order` from t',
])('%s is taken', (statement) => {
  expect(problemsOf(statement)).toEqual([]);
});

/** A model as it would be written with one raw use in it. */
test('a raw use within a template is found, whatever is interpolated around it', () => {
  const model =
    "const x = sql`select ${dialect.lower(raw('a'))}, ${cond ? sql`greatest(${a}, 1)` : raw('b')} from ${table('t')} where lower(c) = ${`}`}`;";
  expect(sqlIn(model).flatMap(problemsOf)).toEqual([expect.stringContaining('lower()'), expect.stringContaining('greatest()')]);
});
