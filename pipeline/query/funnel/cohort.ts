import { addDays, localDate } from '../../config/calendar.ts';
import { NOT_ATTRIBUTED } from '../../models/reports/publication.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { dimensionLabel } from '../dimensions.ts';
import type { Publication } from '../publication.ts';
import { type CohortFigure, type CohortResult, type CohortRow, type CohortStage } from './cohort-result.ts';
import { type CohortQuery } from './cohort-schema.ts';
import { cohortSql, type CohortSetting, lagsSql, linksSql } from './cohort-sql.ts';
import { addSums, figureOf, keyOf, type Sums, type SumsRow, NO_SUMS, readCohort } from './cohort-sums.ts';
import { lagDays, linksOf } from './links.ts';
import { metaOf } from './meta.ts';
import { type FunnelStage, placesOf, stagesOf } from './ranks.ts';

/** Leads of a period by what they are credited to, through all stages of the funnel. */
export async function runCohort(warehouse: Warehouse, publication: Publication, query: CohortQuery): Promise<CohortResult> {
  const { config } = publication;
  const stages = stagesOf(config, shownStages(config.funnel, query));
  const names = stages.map(({ name }) => name);
  const split = query.split_by === undefined ? null : names.indexOf(query.split_by);
  const previous = names.map((_, place) => (place === 0 ? null : names.findLastIndex((_name, i) => i < place && i !== split)));
  const { dialect } = warehouse;
  const later = names.slice(1);
  const lags = lagDays(await warehouse.rows(lagsSql(later, dialect), 'funnel: lags'));
  const links = linksOf(await warehouse.rows(linksSql(later, query.date_range, dialect), 'funnel: links'));
  const today = localDate(publication.data_up_to ?? publication.published_at, config.project.timeZone);
  const setting: Omit<CohortSetting, 'range'> = {
    query,
    dialect,
    config,
    stages: names,
    previous,
    split,
    openFrom: names.map((name) => (lags.has(name) ? addDays(today, -lags.get(name)!) : null)),
  };
  const read = async (range: CohortQuery['date_range']) =>
    readCohort(await warehouse.rows(cohortSql({ ...setting, range }), 'funnel: cohort'), names.length);
  const current = await read(query.date_range);
  const compared = query.comparison_date_range && (await read(query.comparison_date_range));

  const figures = (sums: readonly Sums[]) => stages.map((stage, place) => figureOf(sums, place, previous[place]!, stage));
  const rows = withPlaces(rowsOf(current.rows, compared?.rows), stages, figures).toSorted(byWeight(weights(current.rows)));
  const totals = totalsOf(current, names.length);
  const comparedTotals = compared && totalsOf(compared, names.length);
  const sides = query.split_by === undefined ? [null] : [true, false];
  const unranked = (sums: readonly Sums[] | undefined) => figures(sums ?? names.map(() => NO_SUMS)).map((one) => ({ ...one, rank: null }));
  return {
    dimension: query.dimension,
    dimension_label: query.dimension === null ? 'Total' : dimensionLabel(query.dimension, config),
    model: query.model,
    interval: query.interval,
    split_by: split === null ? null : { name: names[split]!, label: stages[split]!.label },
    stages: stages.map((stage, place): CohortStage => ({
      ...stage,
      previous: place === 0 ? null : names[previous[place]!]!,
      lag_days: lags.get(stage.name) ?? null,
      links: links(stage),
    })),
    rows: rows.slice(0, query.limit),
    totals: sides.map((passed) => ({
      passed,
      stages: unranked(totals.get(passed)),
      ...(comparedTotals && { comparison: unranked(comparedTotals.get(passed)) }),
    })),
    meta: metaOf(publication, query, rows.length, notesOf(stages, lags)),
  };
}

/** The first stage always, the one that splits, and those that are asked for. */
function shownStages(funnel: readonly string[], { stages, split_by }: CohortQuery): string[] {
  return funnel.filter((name, i) => i === 0 || name === split_by || (stages?.includes(name) ?? true));
}

interface Pair {
  readonly row: SumsRow;
  readonly compared: SumsRow | undefined;
}

/** Rows of both periods; one that only the comparison has stands with nothing beside it. */
function rowsOf(current: readonly SumsRow[], compared: readonly SumsRow[] | undefined): Pair[] {
  const others = new Map((compared ?? []).map((row) => [keyOf(row), row]));
  const pairs = current.map((row) => ({ row, compared: others.get(keyOf(row)) }));
  const known = new Set(current.map(keyOf));
  const only = (compared ?? []).filter((row) => !known.has(keyOf(row)));
  return [...pairs, ...only.map((row) => ({ row: { ...row, sums: row.sums.map(() => NO_SUMS) }, compared: row }))].map((pair) => ({
    ...pair,
    compared: pair.compared ?? (compared && { ...pair.row, sums: pair.row.sums.map(() => NO_SUMS) }),
  }));
}

type Unranked = Omit<CohortFigure, 'rank'>;

/** Places are given among the rows of one period and one side of the split. */
function withPlaces(pairs: readonly Pair[], stages: readonly FunnelStage[], figures: (sums: readonly Sums[]) => Unranked[]): CohortRow[] {
  const groups = Map.groupBy(pairs, ({ row }) => JSON.stringify([row.period, row.passed]));
  return [...groups.values()].flatMap((group) => {
    const ranked = (side: (pair: Pair) => SumsRow | undefined) => {
      const unranked = group.map((pair) => ({ value: pair.row.value, stages: figures(side(pair)!.sums) }));
      const places = placesOf(unranked, stages, ({ leads }) => leads);
      return unranked.map((one, i) => one.stages.map((figure, stage): CohortFigure => ({ ...figure, rank: places[i]![stage]! })));
    };
    const current = ranked(({ row }) => row);
    const compared = group[0]!.compared && ranked((pair) => pair.compared);
    return group.map(({ row }, i) => ({
      period: row.period,
      value: row.value,
      passed: row.passed,
      stages: current[i]!,
      ...(compared && { comparison: compared[i]! }),
    }));
  });
}

/** By period, the value with the most leads first, what is not attributed last, those that passed before those that did not. */
function byWeight(weight: ReadonlyMap<string, bigint>): (left: CohortRow, right: CohortRow) => number {
  const of = (row: CohortRow) => weight.get(valueKey(row)) ?? 0n;
  return (left, right) =>
    compare(text(left.period), text(right.period)) ||
    Number(left.value === NOT_ATTRIBUTED) - Number(right.value === NOT_ATTRIBUTED) ||
    compare(of(right), of(left)) ||
    Number(left.value === null) - Number(right.value === null) ||
    compare(text(left.value), text(right.value)) ||
    Number(right.passed) - Number(left.passed);
}

const text = (value: string | null): string => value ?? '';
const compare = <Value extends string | bigint>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0);
const valueKey = ({ period, value }: Pick<CohortRow, 'period' | 'value'>): string => JSON.stringify([period, value]);

function weights(rows: readonly SumsRow[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const row of rows) sums.set(valueKey(row), (sums.get(valueKey(row)) ?? 0n) + row.sums[0]!.reached);
  return sums;
}

/** All sums of a side are those of its rows; medians are not, and come with it. */
function totalsOf({ rows, medians }: ReturnType<typeof readCohort>, stages: number): Map<boolean | null, Sums[]> {
  const totals = new Map<boolean | null, Sums[]>();
  for (const { passed, sums } of rows) {
    const before = totals.get(passed) ?? Array.from({ length: stages }, () => NO_SUMS);
    totals.set(
      passed,
      before.map((sum, stage) => addSums(sum, sums[stage]!)),
    );
  }
  for (const [passed, sums] of totals)
    totals.set(
      passed,
      sums.map((sum, stage) => ({ ...sum, median: medians.get(passed)?.[stage] ?? null })),
    );
  return totals;
}

function notesOf(stages: readonly FunnelStage[], lags: ReadonlyMap<string, number>): string[] {
  const unknown = stages.slice(1).filter(({ name }) => !lags.has(name));
  if (unknown.length === 0) return [];
  return [
    `too few conversions to tell how long leads take: ${unknown.map(({ label }) => label).join(', ')}; no lead is marked as open there`,
  ];
}
