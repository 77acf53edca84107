import type { ModelOf } from '../../../config/attribution.ts';
import { lookbackDaysOf } from '../../../config/attribution.ts';
import { arrayParam, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { emptyHeld } from '../../empty-held.ts';
import { refill } from '../../identity/refill.ts';
import type { StepContext } from '../../step.ts';
import type { TrainingWindow } from '../fitted/months.ts';
import { PARTS } from './chance.ts';
import { INTERCEPT, VISIT_FEATURES, valueLabel } from './features.ts';
import { type VisitQuality, qualityOf } from './quality.ts';
import { STAGED_VISIT_TABLES, STAGED_VISIT_TERMS, STAGED_VISIT_VALUES, STAGED_VISIT_VECTORS, VISIT_COEFFICIENTS } from './tables.ts';
import { type Term, RIDGE, train } from './train.ts';
import { type TreeParameters, growTrees } from './trees.ts';
import { treesIn } from './scored.ts';
import { valueRows, vectorRows } from './vectors.ts';

/** A version as `model_versions` has it, but for the hash of the definition, which the step adds. */
export interface VisitScoringVersion {
  readonly model: string;
  readonly conversion_name: string;
  readonly month: string;
  readonly fitted_at: string;
  readonly trained_from: string;
  readonly trained_to: string;
  readonly status: 'fitted' | 'too_little_data';
  readonly notice: string | null;
  readonly conversions: number;
  readonly paths: number;
  /** {@link VisitParameters} or {@link TreeParameters} as JSON. */
  readonly parameters: string;
  /** {@link VisitQuality} as JSON; without members where there is too little data. */
  readonly quality: string;
}

/** What a version has learned, for readers; `visit_coefficients` has the same for the credits. */
export interface VisitParameters {
  readonly trainer: 'logistic';
  readonly ridge: number;
  /** Logarithm of the odds before anything is known of the visit. */
  readonly intercept: number;
  readonly weights: readonly {
    readonly feature: string;
    readonly value: string;
    /** Feature and value in words. */
    readonly says: string;
    /** What the value adds to the logarithm of the odds. */
    readonly coefficient: number;
    /** Visits learned from that have it; and those of them on the path of a conversion. */
    readonly visits: number;
    readonly converted: number;
  }[];
}

/** Fewer persons tell no more than chance does. */
export const LEAST_CONVERTED_PERSONS = 50;
/** What guesses has this area under its curve. */
const GUESSING = 0.5;

/**
 * Fits the versions of visit scoring for months: learns from four of five persons, judges by the fifth, and stores the
 * coefficients in `visit_coefficients`, in place of former ones of these months. The versions themselves the caller stores.
 *
 * @param windows months with what they learn from; none twice.
 * @returns one version per month. Where there is too little data, or what was learned does no better than guessing, it says
 * so and has no coefficients, so that credits fall back to the last significant click.
 */
export async function fitVisitScoring(
  context: Pick<StepContext, 'warehouse' | 'config' | 'now'>,
  model: ModelOf<'visit_scoring'>,
  conversion: string,
  windows: readonly TrainingWindow[],
): Promise<VisitScoringVersion[]> {
  const { warehouse, config, now } = context;
  const learner = learnerOf(context, model, conversion);
  const lookbackDays = lookbackDaysOf(config, model, conversion);
  const versions: VisitScoringVersion[] = [];
  for (let start = 0; start < windows.length; start += WINDOWS_TOGETHER) {
    const together = windows.slice(start, start + WINDOWS_TOGETHER);
    for (const version of await fitTogether(warehouse, learner, lookbackDays, conversion, together))
      versions.push({ model: model.name, conversion_name: conversion, fitted_at: now, ...version });
    await storeCoefficients(warehouse, model.name, conversion, together, learner.hasCoefficients ? versions : []);
  }
  await emptyHeld(warehouse, STAGED_VISIT_TABLES, 'visit scoring: staged rows');
  return versions;
}

/** So many windows are fitted at once: each has the visits of all of its time. */
const WINDOWS_TOGETHER = 12;

type Learned = Omit<VisitScoringVersion, 'model' | 'conversion_name' | 'fitted_at'>;

/** Learns months from the staged vectors. */
interface Learner {
  /** Whether it goes on without rows, so that a plan has its statements. */
  readonly isPlanned: boolean;
  /** Whether what it has learned is in staged_visit_terms then. */
  readonly hasCoefficients: boolean;
  /** By month; what is missing was not learned. */
  learn(months: readonly string[]): Promise<Map<string, LearnedMonth>>;
}

interface LearnedMonth {
  readonly parameters: VisitParameters | TreeParameters;
  readonly quality: VisitQuality | undefined;
}

function learnerOf(context: Pick<StepContext, 'warehouse' | 'now'>, model: ModelOf<'visit_scoring'>, conversion: string): Learner {
  const { warehouse } = context;
  if (model.learner !== 'boosted_trees')
    return { isPlanned: false, hasCoefficients: true, learn: (months) => regressions(warehouse, months) };
  const { isPlanned } = treesIn(warehouse, model.name);
  return { isPlanned, hasCoefficients: false, learn: (months) => growTrees(context, model, conversion, months) };
}

/** Versions of these windows. */
async function fitTogether(
  warehouse: Warehouse,
  learner: Learner,
  lookbackDays: number,
  conversion: string,
  windows: readonly TrainingWindow[],
): Promise<Learned[]> {
  const { dialect } = warehouse;
  const visits = vectorRows(dialect, conversion, lookbackDays, windows);
  const { inserted } = await refill(warehouse, STAGED_VISIT_VECTORS, visits, 'visit scoring: visits');
  // A plan writes nothing, and must not go on with what a run that was killed has left.
  const sizes = inserted === 0 ? new Map<string, Size>() : await sizesOf(warehouse);
  const enough = windows.filter(({ month }) => learner.isPlanned || lacking(sizes.get(month)) === undefined).map(({ month }) => month);
  const learned = enough.length === 0 ? new Map<string, LearnedMonth>() : await learner.learn(enough);
  return windows.map(({ month, from, to }) => {
    const size = sizes.get(month);
    const { parameters, quality } = learned.get(month) ?? {};
    const notice = lacking(size) ?? guessing(quality);
    return {
      month,
      trained_from: from,
      trained_to: to,
      status: notice === undefined ? ('fitted' as const) : ('too_little_data' as const),
      notice: notice ?? null,
      conversions: size?.conversions ?? 0,
      paths: size?.paths ?? 0,
      parameters: JSON.stringify(notice === undefined ? parameters : {}),
      quality: JSON.stringify(quality ?? {}),
    };
  });
}

interface Size {
  readonly conversions: number;
  readonly paths: number;
  /** Of those learned from: persons who converted, and paths without a conversion. */
  readonly converted_persons: number;
  readonly other_paths: number;
}

async function sizesOf(warehouse: Warehouse): Promise<Map<string, Size>> {
  const rows = await warehouse.rows<Size & { month: string }>(
    sql`
      select
        month,
        cast(sum(converted_paths) as int64) as conversions,
        cast(sum(paths) as int64) as paths,
        cast(sum(if(is_held_out, 0, converted_persons)) as int64) as converted_persons,
        cast(sum(if(is_held_out, 0, paths - converted_paths)) as int64) as other_paths
      from ${table(STAGED_VISIT_VECTORS.name)}
      group by month`,
    'visit scoring: sizes',
  );
  return new Map(rows.map(({ month, ...size }) => [month, size]));
}

/** In words what there is too little of. */
function lacking(size: Size | undefined): string | undefined {
  const { converted_persons: converted, other_paths: others } = size ?? { converted_persons: 0, other_paths: 0 };
  const until = 'until then the last significant click is credited';
  if (converted < LEAST_CONVERTED_PERSONS)
    return `too little to learn from: ${count(converted, 'person')} with sessions converted, ${LEAST_CONVERTED_PERSONS} are needed; ${until}`;
  if (others < LEAST_CONVERTED_PERSONS)
    return `too little to learn from: ${count(others, 'path')} without a conversion, ${LEAST_CONVERTED_PERSONS} are needed; ${until}`;
  return undefined;
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

function guessing(quality: VisitQuality | undefined): string | undefined {
  if (!quality || quality.auc === null) return 'no held-out person to judge it by; the last significant click is credited';
  if (quality.auc > GUESSING) return undefined;
  return `no better than guessing: AUC ${quality.auc.toFixed(3)} on held-out persons; the last significant click is credited`;
}

async function regressions(warehouse: Warehouse, months: readonly string[]): Promise<Map<string, LearnedMonth>> {
  await refill(warehouse, STAGED_VISIT_VALUES, valueRows(warehouse.dialect), 'visit scoring: values');
  const terms = await train(warehouse, months);
  const quality = await qualityOf(warehouse);
  return new Map([...terms].map(([month, own]) => [month, { parameters: parametersOf(own), quality: quality.get(month) }]));
}

const place = (feature: string): number => VISIT_FEATURES.findIndex(({ name }) => name === feature);

function parametersOf(terms: readonly Term[]): VisitParameters {
  return {
    trainer: 'logistic',
    ridge: RIDGE,
    intercept: terms.find(({ feature }) => feature === INTERCEPT)!.coefficient / PARTS,
    weights: terms
      .filter(({ feature }) => feature !== INTERCEPT)
      .toSorted((a, b) => place(a.feature) - place(b.feature) || a.term - b.term)
      .map(({ feature, value, coefficient, visits, converted }) => ({
        feature,
        value,
        says: `${VISIT_FEATURES[place(feature)]!.says}: ${valueLabel(feature, value)}`,
        coefficient: coefficient / PARTS,
        visits,
        converted,
      })),
  };
}

async function storeCoefficients(
  warehouse: Warehouse,
  model: string,
  conversion: string,
  windows: readonly TrainingWindow[],
  versions: readonly VisitScoringVersion[],
): Promise<void> {
  const { dialect } = warehouse;
  const months = windows.map(({ month }) => month);
  const fitted = versions.filter(({ month, status }) => status === 'fitted' && months.includes(month)).map(({ month }) => month);
  const former = sql`
    select model, conversion_name, month, feature, value
    from ${table(VISIT_COEFFICIENTS.name)}
    where model = ${model} and conversion_name = ${conversion} and ${dialect.isIn(raw('month'), sql`${arrayParam(months, 'DATE')}`)}`;
  await warehouse.delete(VISIT_COEFFICIENTS, former, { label: 'visit scoring: former coefficients' });
  if (fitted.length === 0) return;
  await warehouse.append(
    VISIT_COEFFICIENTS,
    sql`
      select ${model} as model, ${conversion} as conversion_name, terms.month, told.feature, told.value, terms.coefficient
      from ${table(STAGED_VISIT_TERMS.name)} as terms
      inner join (select distinct feature, value, term from ${table(STAGED_VISIT_VALUES.name)}) as told on told.term = terms.term
      where ${dialect.isIn(raw('terms.month'), sql`${arrayParam(fitted, 'DATE')}`)}`,
    'visit scoring: coefficients',
  );
}
