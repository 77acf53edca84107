import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { PARTS, chance, lossOf, parts } from './chance.ts';
import { INTERCEPT } from './features.ts';
import { type Curvature, type Ridge, newtonStep, penalty } from './newton.ts';
import { STAGED_VISIT_TERMS, STAGED_VISIT_VALUES, STAGED_VISIT_VECTORS } from './tables.ts';

/** A value of a feature that the visits of a month have, and its coefficient. */
export interface Term {
  readonly term: number;
  readonly feature: string;
  readonly value: string;
  /** Visits that have it, of those learned from; and how many of them are on the path of a conversion. */
  readonly visits: number;
  readonly converted: number;
  /** INT64 parts of 1e9. */
  readonly coefficient: number;
}

/** Small: as if each value of a feature had been seen on a few visits more, on which the chance was the usual one. */
export const RIDGE = 1;

/** From a step below this the next one would be below its square: nothing that is left of it in parts of 1e9. */
const LAST_STEP = 1e-5;
const MOST_STEPS = 60;
/** By what the loss may differ for rounding alone, as a share of it. */
const ROUNDING = 1e-9;

/**
 * Learns the coefficients of months from the staged vectors: logistic regression with a ridge, of all months at once. The
 * sums are taken in the warehouse, as whole numbers, hence always the same; the steps are solved here.
 * @returns the terms by month.
 * @throws Error where a month does not come to an end.
 */
export async function train(warehouse: Warehouse, months: readonly string[], strength = RIDGE): Promise<Map<string, Term[]>> {
  const fits = await startFits(warehouse, months);
  for (let step = 0; ; step++) {
    const open = fits.filter(({ isDone }) => !isDone);
    await loadTerms(warehouse, open.length > 0 ? open : fits);
    if (open.length === 0)
      return new Map(
        fits.map(({ month, terms, now }) => [
          month,
          terms.map(({ term, feature, value, visits, converted }, i) => ({
            term,
            feature,
            value,
            visits,
            converted,
            coefficient: toParts(now[i]!),
          })),
        ]),
      );
    if (step === MOST_STEPS)
      throw new Error(`visit scoring: ${open.map(({ month }) => month).join(', ')} not fitted after ${MOST_STEPS} steps`);
    const curvatures = await curvaturesOf(warehouse, open);
    for (const fit of open) advance(fit, curvatures.get(fit.month)!, strength);
  }
}

interface Fit {
  readonly month: string;
  readonly terms: readonly Omit<Term, 'coefficient'>[];
  /** Index by term. */
  readonly places: ReadonlyMap<number, number>;
  /** Coefficients, as they are looked at next, and as they last were an improvement with their loss. */
  now: number[];
  best: { readonly coefficients: number[]; readonly loss: number } | undefined;
  isDone: boolean;
}

const toParts = (coefficient: number): number => Math.round(coefficient * PARTS);
const rounded = (coefficient: number): number => toParts(coefficient) / PARTS;

function advance(fit: Fit, curvature: Curvature, strength: number): void {
  const ridge: Ridge = { strength, binds: (i) => fit.terms[i]!.feature !== INTERCEPT };
  const loss = curvature.loss + penalty(fit.now, ridge);
  const { best } = fit;
  if (best && loss > best.loss * (1 + ROUNDING)) {
    // Too far: half the way is looked at next.
    fit.now = fit.now.map((one, i) => rounded((one + best.coefficients[i]!) / 2));
    return;
  }
  const step = newtonStep(fit.now, curvature, ridge);
  fit.best = { coefficients: fit.now, loss };
  fit.now = fit.now.map((one, i) => rounded(one + step[i]!));
  fit.isDone = step.every((one) => Math.abs(one) < LAST_STEP);
}

async function startFits(warehouse: Warehouse, months: readonly string[]): Promise<Fit[]> {
  const found = await warehouse.rows<Omit<Term, 'coefficient'> & { month: string }>(
    sql`
      select
        told.month, told.term, told.feature, told.value, cast(sum(vectors.visits) as int64) as visits,
        cast(sum(vectors.converted) as int64) as converted
      from ${table(STAGED_VISIT_VALUES.name)} as told
      inner join ${table(STAGED_VISIT_VECTORS.name)} as vectors on vectors.vector = told.vector
      where not told.is_held_out
      group by told.month, told.term, told.feature, told.value
      order by told.month nulls first, told.term nulls first`,
    'visit scoring: terms',
  );
  const ofMonth = Map.groupBy(found, ({ month }) => month);
  return months.map((month) => {
    const terms = ofMonth.get(month) ?? [];
    const places = new Map(terms.map(({ term }, i) => [term, i]));
    return { month, terms, places, now: terms.map(() => 0), best: undefined, isDone: terms.length === 0 };
  });
}

/** Makes staged_visit_terms hold the coefficients as they are now. */
async function loadTerms(warehouse: Warehouse, fits: readonly Fit[]): Promise<void> {
  const rows = fits.flatMap(({ month, terms, now }) => terms.map(({ term }, i) => ({ month, term, coefficient: toParts(now[i]!) })));
  await warehouse.load(STAGED_VISIT_TERMS, rows, { replace: true, label: 'visit scoring: coefficients' });
}

/** The staged vectors with the logarithm of the odds that the staged coefficients give them, INT64 parts of 1e9. */
export function scoredVectors(isHeldOut: boolean): Sql {
  return sql`
      select vectors.month, vectors.vector, vectors.visits, vectors.converted, scores.score
      from ${table(STAGED_VISIT_VECTORS.name)} as vectors
      inner join (
        select told.vector, cast(sum(terms.coefficient) as int64) as score
        from ${table(STAGED_VISIT_VALUES.name)} as told
        inner join ${table(STAGED_VISIT_TERMS.name)} as terms on terms.month = told.month and terms.term = told.term
        where told.is_held_out = ${isHeldOut}
        group by told.vector
      ) as scores on scores.vector = vectors.vector`;
}

/** Rows of loss, gradient and the upper half of the Hessian by month: sums of whole parts of 1e9, as text, for they may be large. */
function curvatureRows(dialect: Dialect): Sql {
  const score = raw('score');
  const sum = (column: string): Sql => sql`${dialect.castText(raw(`sum(${column})`))} as total`;
  return sql`
    with scored as (${scoredVectors(false)}
    ),
    predicted as (
      select
        month, vector,
        ${parts(dialect, lossOf(dialect, score))} as loss,
        ${parts(dialect, sql`converted - visits * ${chance(dialect, score)}`)} as residual,
        ${parts(dialect, sql`visits * ${chance(dialect, score)} * (1 - ${chance(dialect, score)})`)} as weight
      from scored
    ),
    told as (
      select vector, term from ${table(STAGED_VISIT_VALUES.name)} where not is_held_out
    )
    select month, cast(null as int64) as term, cast(null as int64) as other, ${sum('loss')} from predicted group by month
    union all
    select predicted.month, told.term, cast(null as int64) as other, ${sum('predicted.residual')}
    from predicted
    inner join told on told.vector = predicted.vector
    group by predicted.month, told.term
    union all
    select predicted.month, told.term, others.term as other, ${sum('predicted.weight')}
    from predicted
    inner join told on told.vector = predicted.vector
    inner join told as others on others.vector = told.vector and others.term >= told.term
    group by predicted.month, told.term, others.term`;
}

interface CurvatureRow {
  readonly month: string;
  readonly term: number | null;
  readonly other: number | null;
  readonly total: string;
}

async function curvaturesOf(warehouse: Warehouse, fits: readonly Fit[]): Promise<Map<string, Curvature>> {
  const rows = await warehouse.rows<CurvatureRow>(curvatureRows(warehouse.dialect), 'visit scoring: a step');
  const ofMonth = Map.groupBy(rows, ({ month }) => month);
  return new Map(
    fits.map(({ month, terms, places }) => {
      let loss = 0;
      const gradient = terms.map(() => 0);
      const hessian = terms.map(() => terms.map(() => 0));
      for (const { term, other, total } of ofMonth.get(month)!) {
        const value = Number(total) / PARTS;
        if (term === null) loss = value;
        else if (other === null) gradient[places.get(term)!] = value;
        else {
          const [row, column] = [places.get(term)!, places.get(other)!];
          hessian[row]![column] = value;
          hessian[column]![row] = value;
        }
      }
      return [month, { loss, gradient, hessian }];
    }),
  );
}
