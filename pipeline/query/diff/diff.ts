import { raw, sql, type Sql } from '../../warehouse/sql.ts';
import { CAUSE_NAMES, type Cause } from './causes.ts';
import { CONVERSION_CAUSES, makeConversionCauses } from './conversion-causes.ts';
import { CONTRIBUTIONS, MOVES } from './conversions.ts';
import { comparableCosts, costTables, makeCostChanges } from './costs.ts';
import { type ChangedDefinitions, changedDefinitions } from './definitions.ts';
import { listConversions } from './list.ts';
import type { PublicationPair } from './pair.ts';
import { type DiffMetric, type DiffQuery, isOfConversions } from './schema.ts';
import { makeSessionChanges, SESSION_CHANGES, SESSION_TOTALS } from './sessions.ts';
import type { DiffFigures, DiffResult, DiffRow, MetricDiff } from './types.ts';

/** Says why figures differ between two publications: every change is the sum of its causes, in each row and in total. */
export async function runDiff(pair: PublicationPair, query: DiffQuery): Promise<DiffResult> {
  const definitions = await changedDefinitions(pair);
  const { conversion, model } = query;
  const compared = conversion !== undefined && model !== undefined && query.metrics.some(isOfConversions) && { query, conversion, model };
  if (compared) await makeConversionCauses(pair, compared, definitions);
  const metrics: MetricDiff[] = [];
  for (const metric of query.metrics) metrics.push(await metricDiff(pair, query, metric, definitions));
  return {
    from: pair.earlier,
    to: pair.later,
    query,
    metrics,
    differing: compared ? await differing(pair) : {},
    conversions: compared && query.list > 0 ? await listConversions(pair, compared) : [],
  };
}

async function metricDiff(
  pair: PublicationPair,
  query: DiffQuery,
  metric: DiffMetric,
  definitions: ChangedDefinitions,
): Promise<MetricDiff> {
  switch (metric) {
    case 'conversions':
      return { metric, ...(await figures(pair, ...ofContributions('credit'))) };
    case 'conversion_value':
      return { metric, ...(await figures(pair, ...ofContributions('value'))) };
    case 'sessions':
      await makeSessionChanges(pair, query, definitions);
      return { metric, ...(await figures(pair, raw(SESSION_TOTALS), raw(SESSION_CHANGES))) };
    case 'cost':
    case 'other_cost': {
      const comparable = comparableCosts(pair, query, metric)!;
      const { canBeCompared, isByDimension, note } = comparable;
      const noted = note === undefined ? {} : { note };
      if (!canBeCompared) return { metric, rows: [], total: NOTHING, isMissing: true, ...noted };
      await makeCostChanges(pair, query, metric, comparable, definitions);
      const { totals, changes } = costTables(metric);
      const { rows, total } = await figures(pair, totals, changes);
      return { metric, rows: isByDimension ? rows : [], total, ...noted };
    }
  }
}

const NOTHING: DiffFigures = { before: 0n, after: 0n, causes: {} };

/** Totals by key, and changes by key and cause. */
function ofContributions(column: 'credit' | 'value'): [totals: Sql, changes: Sql] {
  const [earlier, later] = [raw(`earlier_${column}`), raw(`later_${column}`)];
  return [
    sql`(select key, sum(${earlier}) as earlier, sum(${later}) as later from ${raw(CONTRIBUTIONS)} group by key)`,
    sql`(
      select moves.key, moves.${later} - moves.${earlier} as change, causes.cause
      from ${raw(MOVES)} as moves
      inner join ${raw(CONVERSION_CAUSES)} as causes on causes.conversion_id = moves.conversion_id
      where moves.${later} <> moves.${earlier}
    )`,
  ];
}

/** Sums come as text: they can be larger than a number holds exactly. */
async function figures(pair: PublicationPair, totals: Sql, changes: Sql): Promise<{ rows: DiffRow[]; total: DiffFigures }> {
  const castText = (value: Sql) => pair.dialect.castText(value);
  const keys = await pair.rows<{ key: string | null; earlier: string; later: string }>(
    sql`select key, ${castText(raw('earlier'))} as earlier, ${castText(raw('later'))} as later from ${totals} as totals order by key nulls last`,
    'figures of both publications',
  );
  const parts = await pair.rows<{ key: string | null; cause: Cause; change: string }>(
    sql`select key, cause, ${castText(raw('sum(change)'))} as change from ${changes} as changes group by key, cause`,
    'changes by cause',
  );
  const byKey = Map.groupBy(parts, ({ key }) => key);
  const rows = keys.map(({ key, earlier, later }): DiffRow => {
    const own = (byKey.get(key) ?? []).map(({ cause, change }) => [cause, BigInt(change)] as const);
    return { key, before: BigInt(earlier), after: BigInt(later), causes: inOrder(new Map(own)) };
  });
  return { rows: rows.toSorted((a, b) => compare(size(b), size(a))), total: totalOf(rows) };
}

function totalOf(rows: readonly DiffRow[]): DiffFigures {
  const causes = new Map<Cause, bigint>();
  for (const row of rows)
    for (const name of CAUSE_NAMES) if (row.causes[name] !== undefined) causes.set(name, (causes.get(name) ?? 0n) + row.causes[name]);
  return { before: sum(rows.map(({ before }) => before)), after: sum(rows.map(({ after }) => after)), causes: inOrder(causes) };
}

const inOrder = (causes: ReadonlyMap<Cause, bigint>): Partial<Record<Cause, bigint>> =>
  Object.fromEntries(CAUSE_NAMES.flatMap((name) => (causes.has(name) ? [[name, causes.get(name)!]] : [])));
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const magnitude = (value: bigint) => (value < 0n ? -value : value);
/** How much a row changed, then how much there is. */
const size = ({ before, after }: DiffRow): readonly [bigint, bigint] => [magnitude(after - before), before > after ? before : after];
const compare = (a: readonly [bigint, bigint], b: readonly [bigint, bigint]) => (a[0] === b[0] ? order(a[1], b[1]) : order(a[0], b[0]));
const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);

async function differing(pair: PublicationPair): Promise<Partial<Record<Cause, number>>> {
  const rows = await pair.rows<{ cause: Cause; conversions: number }>(
    sql`select cause, count(*) as conversions from ${raw(CONVERSION_CAUSES)} group by cause`,
    'conversions that differ',
  );
  const counts = new Map(rows.map(({ cause, conversions }) => [cause, conversions]));
  return Object.fromEntries(CAUSE_NAMES.flatMap((name) => (counts.has(name) ? [[name, counts.get(name)!]] : [])));
}
