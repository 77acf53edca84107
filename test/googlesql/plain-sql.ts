/**
 * The SQL that GoogleSQL and DuckDB read alike: what a model may write without the dialect. Whatever is not listed here
 * is refused, because many a function of one name differs silently (TRIM strips tabs on one engine only, LOWER knows
 * other letters, CONCAT and LEAST skip NULL …).
 */

/** Functions with one meaning for every argument that a model gives them. */
const FUNCTIONS = new Set(
  (
    'abs array_length avg cast coalesce count countif date dense_rank first_value if ifnull lag last_value lead length max min mod ' +
    'nullif rank replace round row_number sign starts_with string_agg strpos substr sum'
  ).split(' '),
);
/** Words that stand before a parenthesis without being a function. */
const WORDS = new Set(
  (
    'all and any as between by case distinct else except exists from group having in intersect is join like limit not on or order over ' +
    'partition qualify select then union using when where with'
  ).split(' '),
);
/** Types that a cast may have; texts and integers come from the dialect, but for a NULL. */
const CAST_TYPES = /^(date|timestamp)$/;
const NULL_CAST = /^\s*null\s+as\s+(string|int64|float64|bool|date|timestamp|json)\s*$/;
/** Sums and counts, which DuckDB has as wider integers. */
const INTEGER = /^\s*(sum|count|countif)\s*\(/;

/** Stands for something interpolated, which is looked at where it is written. */
export const HOLE = '\u25c7';

const OPERATORS: readonly [pattern: RegExp, says: string][] = [
  [/\|\|/, '|| skips nothing and takes other types: concat of the dialect'],
  [/::/, ':: is DuckDB alone'],
  [/->/, '-> is DuckDB alone: jsonText of the dialect'],
  [/\/\//, '// is DuckDB alone: intDiv of the dialect'],
  [/%|\*\*|==|!~|(?<![\w"])~/, 'an operator of DuckDB alone'],
  [/[\w)\u25c7]\s*\[/, 'arrays count from 0 or from 1'],
  [
    /\b(ilike|glob|similar\s+to|any_value|numeric|decimal|bignumeric|hugeint|bigint|varchar|double|current_(?:date|time|datetime|timestamp|user))\b/,
    'a word of one engine, or one that differs',
  ],
  [/\/(?!\s*(?:nullif\s*\(|[1-9]|\*))/, 'a division by what may be 0: an error or NULL'],
  [/\bsafe\s*\./, 'SAFE. is GoogleSQL alone'],
  [/\bselect\s+\*\s+(except|exclude|replace)\b/, 'EXCEPT and EXCLUDE'],
  [/\bfilter\s*\(/, 'FILTER is DuckDB alone'],
  [/\blike\b(?=[^,)]*\\)/, 'a backslash in LIKE'],
];

/** Everything in a piece of SQL that the engines may read differently; empty where there is nothing. */
export function problemsOf(text: string): string[] {
  const sql = withoutTexts(text.toLowerCase());
  return [
    ...OPERATORS.filter(([pattern]) => pattern.test(sql)).map(([pattern, says]) => `${pattern.exec(sql)![0].trim()}: ${says}`),
    ...calls(sql).flatMap(({ name, inner }) => problemOfCall(name, inner)),
    ...orderings(sql),
  ];
}

/** Constants, quoted names and comments blanked; their quotes stay. */
export function withoutTexts(sql: string): string {
  return sql.replace(/'(?:[^'\\]|''|\\.)*'|"[^"]*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith("'") ? "''" : /^["`]/.test(found) ? 'name' : ' ',
  );
}

function calls(sql: string): { name: string; inner: string }[] {
  return [...sql.matchAll(/([a-z_][\w.]*)\s*\(/g)]
    .map((match) => ({ name: match[1]!, inner: enclosed(sql, match.index + match[0].length) }))
    .filter(({ name }) => !WORDS.has(name));
}

/** The text up to the parenthesis that closes here; to the end where it is closed elsewhere. */
function enclosed(sql: string, from: number): string {
  let depth = 1;
  for (let i = from; i < sql.length; i++) {
    if (sql[i] === '(') depth++;
    else if (sql[i] === ')' && --depth === 0) return sql.slice(from, i);
  }
  return sql.slice(from);
}

function problemOfCall(name: string, inner: string): string[] {
  if (!FUNCTIONS.has(name)) return [`${name}(): not known to mean the same on both engines; see the dialect`];
  if (name === 'date' && topLevel(inner).length > 1) return ['date() with a time zone: localDate of the dialect'];
  if (name === 'substr' && /^\s*0\s*$/.test(topLevel(inner)[1] ?? '')) return ['substr() from 0'];
  if (name === 'cast' && !NULL_CAST.test(inner)) {
    const type = /\bas\s+(\w+)[^)]*$/.exec(inner)?.[1];
    if (type === 'int64' && INTEGER.test(inner)) return [];
    if (type !== undefined && !CAST_TYPES.test(type)) return [`cast(… as ${type}): castText, safeCast or micros of the dialect`];
  }
  const ordered = /\border\s+by\b([\s\S]*)$/.exec(inner)?.[1];
  // BigQuery: "NULLS LAST not supported with ascending sort order in aggregate functions"; the evaluator does not mind.
  if (name === 'string_agg' && ordered && topLevel(ordered).some(isAgainstTheGrain))
    return [`${name}() ordered against BigQuery's order of NULLs`];
  return [];
}

/** Orders without a place for NULLs, and aggregates over a window in an order that BigQuery refuses. */
function orderings(sql: string): string[] {
  return [...sql.matchAll(/\border\s+by\b/g)].flatMap((match) => {
    const start = match.index + match[0].length;
    const clause = enclosed(sql, start).split(/\b(?:limit|rows|range|offset|union)\b/)[0]!;
    const keys = topLevel(clause).map((key) => key.trim());
    const missing = keys.filter((key) => !/\bnulls\s+(first|last)$/.test(key) && !key.endsWith(HOLE));
    const before = sql.slice(0, match.index);
    const aggregate = /\b(sum|count|countif|min|max|avg)\s*\([^()]*\)\s*over\s*\([^()]*$/.exec(before);
    const isRange = aggregate && !/\brows\b/.test(enclosed(sql, start));
    return [
      ...missing.map((key) => `order by ${key}: says nothing of NULLs`),
      ...(isRange ? keys.filter(isAgainstTheGrain).map((key) => `${aggregate[1]}() over (order by ${key}): BigQuery refuses it`) : []),
    ];
  });
}

/** NULLs come first in GoogleSQL's ascending order and last in its descending one. */
const isAgainstTheGrain = (key: string) => (/\bdesc\b/.test(key) ? /\bnulls\s+first\s*$/ : /\bnulls\s+last\s*$/).test(key);

function topLevel(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(' || character === '[') depth++;
    if (character === ')' || character === ']') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
