import { afterAll, beforeAll, expect, test } from 'vitest';
import { GoogleSql } from './googlesql.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine.stop());

/** Statements of GoogleSQL that BigQuery refuses, which the analyzer takes with all of its features on. */
test.each([
  'select [1] = [1]',
  'select x from unnest([struct([1] as x)]) order by x',
  'select x from unnest([struct([1] as x)]) group by x',
  'select cast([1] as array<string>)',
  "select concat('a', 1)",
  'select [1, 2][0]',
  'select flatten([struct([1] as x)].x)',
  'select array_sum([1])',
  'select array_filter([1], e -> e > 0)',
  'select array_first_n([1], 1)',
  'select greatest([1], [2])',
  'select typeof(1)',
  'select pi()',
  'select zeroifnull(1)',
  'select with(a as 1, a + 1)',
  'select struct(1, 2)[offset(0)]',
  'select 1 as a union all corresponding select 2 as a',
  'select 1 as a full union all by name select 2 as b',
  "select 'a' like any unnest(['a'])",
  'from (select 1 as a) |> where a = 1',
  'select 1 as a |> where a = 1',
  'select cast(1 as int32)',
])('%s is refused, as BigQuery does', async (statement) => {
  await expect(engine.analyze(statement, [])).rejects.toThrow();
});

/** What BigQuery has and models need. */
test.each([
  'select safe.timestamp_add(timestamp "2026-01-01 00:00:00+00", interval (1 + 1) day)',
  'with recursive r as (select 1 as n union all select n + 1 from r where n < 3) select max(n) from r',
  'select x from unnest([1, 2]) as x qualify row_number() over (order by x nulls first) = 1',
  "select array_agg(struct(x as v) ignore nulls order by x desc nulls last limit 1)[offset(0)].v, string_agg('a', ',' order by x nulls first) from unnest([1]) as x",
  "select json_value(safe.parse_json('{}', wide_number_mode => 'round'), '$.a'), null is distinct from 1",
  "create table `project.dataset.made` (seen_at timestamp not null options (description = 'x')) partition by date(seen_at) cluster by seen_at options (description = 'y')",
])('%s is taken', async (statement) => {
  await expect(engine.analyze(statement, [])).resolves.toBeUndefined();
});
