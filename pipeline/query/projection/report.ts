import type { Publication } from '../publication.ts';
import type { Figures, ReportResult, ResultColumn } from '../result.ts';
import type { ReportQuery } from '../schema.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { FEWEST_CONVERSIONS } from './lag.ts';
import { LEAST_MATURITY, type PairProjection, type Projection, projectionsOf, rowKey } from './projection.ts';

/** What is foreseen of a conversion under a model: columns of their own, never part of what has been seen. */
export const PROJECTED_METRICS = {
  projected_conversions: {
    label: 'Projected',
    description: 'Conversions that the clicks of the cell will have brought in the end, by how long conversions took so far.',
    kind: 'decimal',
  },
  projected_value: { label: 'Projected value', description: 'The same of their value.', kind: 'money' },
  maturity: { label: 'Seen', description: 'Share of these conversions that can have been seen by now.', kind: 'percent' },
} as const;
export type ProjectedMetricName = keyof typeof PROJECTED_METRICS;

/** What each is foreseen of. */
const METRIC_OF = { projected_conversions: 'conversions', projected_value: 'conversion_value', maturity: 'conversions' } as const;

/** Adds to a report by click time what is foreseen of each pair, behind the columns of the pair. */
export async function withProjections(
  warehouse: Warehouse,
  publication: Publication,
  query: ReportQuery,
  result: ReportResult,
): Promise<ReportResult> {
  const { data_date, pairs } = await projectionsOf(warehouse, publication, query);
  const figures = (of: (pair: PairProjection) => Projection | undefined): Figures =>
    Object.fromEntries(pairs.flatMap((pair) => namesOf(pair, publication).map((name) => [keyOf(pair, name), figureOf(name, of(pair))])));
  return {
    ...result,
    columns: [
      ...result.columns.filter(({ conversion }) => conversion === undefined),
      ...pairs.flatMap((pair) => [
        ...result.columns.filter(({ conversion, model }) => conversion === pair.pair.conversion && model === pair.pair.model),
        ...namesOf(pair, publication).map((name) => columnOf(name, pair, result)),
      ]),
    ],
    rows: result.rows.map((row) => {
      const key = rowKey(query.dimensions.map((name) => row.dimensions[name] ?? null));
      return { ...row, figures: { ...row.figures, ...figures(({ rows }) => rows.get(key)) } };
    }),
    totals: { ...result.totals, figures: { ...result.totals.figures, ...figures(({ total }) => total) } },
    meta: {
      ...result.meta,
      notes: [...result.meta.notes, ...pairs.map((pair) => noteOf(pair, data_date, result)), ...noteOfTotal(pairs, query)],
    },
  };
}

/** Why the rows do not add up: each is divided by its own maturity, and of some too little has been seen. */
function noteOfTotal(pairs: readonly PairProjection[], { dimensions }: ReportQuery): string[] {
  const isForeseen = pairs.some(({ total }) => total.conversions !== null);
  return isForeseen && dimensions.length > 0
    ? [
        'the total of what is projected is foreseen from all sessions together: it is not the sum of its rows, and has nothing of what has no click',
      ]
    : [];
}

function namesOf({ pair }: PairProjection, { config }: Publication): ProjectedMetricName[] {
  const isMoney = config.conversions.some(({ name, value }) => name === pair.conversion && value === 'money');
  return isMoney ? ['projected_conversions', 'projected_value', 'maturity'] : ['projected_conversions', 'maturity'];
}

const keyOf = ({ pair }: PairProjection, name: ProjectedMetricName): string => `${pair.conversion}.${pair.model}.${name}`;

function figureOf(name: ProjectedMetricName, projection: Projection | undefined): number | null {
  if (!projection) return null;
  return { projected_conversions: projection.conversions, projected_value: projection.value, maturity: projection.maturity }[name];
}

const besideOf = ({ pair }: PairProjection, { columns }: ReportResult): ResultColumn | undefined =>
  columns.find(({ conversion, model }) => conversion === pair.conversion && model === pair.model);

/** A column beside those of its pair, which say how conversion and model are called. */
function columnOf(name: ProjectedMetricName, projection: PairProjection, result: ReportResult): ResultColumn {
  const { label, kind } = PROJECTED_METRICS[name];
  const { pair } = projection;
  return { ...besideOf(projection, result), key: keyOf(projection, name), metric: METRIC_OF[name], projection: name, label, kind, ...pair };
}

function noteOf(projection: PairProjection, dataDate: string, result: ReportResult): string {
  const { pair, lag } = projection;
  const { conversion_label = pair.conversion, model_label = pair.model } = besideOf(projection, result) ?? {};
  const name = `${conversion_label} by ${model_label.toLowerCase()}`;
  if (!lag) return `${name} is not projected: it takes ${FEWEST_CONVERSIONS} conversions of clicks to know how long they take`;
  const from = Math.round(lag.conversions).toLocaleString('en');
  return (
    `projected ${name}: by how long ${from} conversions took, as seen until ${dataDate}; delays beyond ${lag.horizonDays} days are not ` +
    `foreseen, and nothing where less than ${LEAST_MATURITY * 100}% can have been seen`
  );
}
