import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { PARTS, chance, lossOf, lossOfStored, parts, storedChance } from './chance.ts';
import { scoredVectors } from './train.ts';

/** Of visits with similar chances: what was predicted, and what came of it. */
export interface CalibrationBin {
  readonly visits: number;
  /** Mean of the predicted chances, and the share of visits on the path of a conversion: 0 to 1, to 1e-9. */
  readonly predicted: number;
  readonly converted: number;
}

/** How well a version tells those who convert from those who do not, on persons that it has not learned from. */
export interface VisitQuality {
  /** Visits of held-out persons, and how many of them are on the path of a conversion. */
  readonly visits: number;
  readonly converted: number;
  /**
   * The chance that of two visits, one on the path of a conversion and one not, the first has the higher score; 0.5 is
   * guessing. Null where there are not both.
   */
  readonly auc: number | null;
  /** Mean of minus the logarithm of the chance given to what came true. */
  readonly logLoss: number;
  /** The same for who gives every visit the same chance, the share that converted. */
  readonly logLossOfShare: number;
  /** Tenths of the visits, by rising chance; visits of one score are not torn apart, so that there may be fewer. */
  readonly calibration: readonly CalibrationBin[];
}

const BINS = 10;

const rounded = (value: number): number => Math.round(value * PARTS) / PARTS;

/** Held-out visits that are judged. */
export interface Scored {
  /** A query of month, visits, converted and score, INT64, by which they are ranked. */
  readonly rows: Sql;
  /** Of a row: the chance that its score stands for, and minus the logarithm of that given to what became of its visits; FLOAT64. */
  readonly chance: Sql;
  readonly loss: Sql;
}

/** By the coefficients in staged_visit_terms. */
const byCoefficients = (dialect: Dialect): Scored => ({
  rows: scoredVectors(true),
  chance: chance(dialect, raw('score')),
  loss: lossOf(dialect, raw('score')),
});

/** By stored chances. @param rows as of {@link Scored}, whose score is the chance in parts of 1e9. */
export const byChances = (rows: Sql): Scored => ({ rows, chance: storedChance(raw('score')), loss: lossOfStored(raw('score')) });

/** The quality by month; a month without held-out visits is missing. @param scored default: by the coefficients in staged_visit_terms. */
export async function qualityOf(warehouse: Warehouse, scored = byCoefficients(warehouse.dialect)): Promise<Map<string, VisitQuality>> {
  const rows = await warehouse.rows<BinRow>(binRows(warehouse.dialect, scored), 'visit scoring: quality');
  return new Map([...Map.groupBy(rows, ({ month }) => month)].map(([month, bins]) => [month, summary(bins)]));
}

interface BinRow {
  readonly month: string;
  readonly visits: number;
  readonly converted: number;
  /** These as text, for they may be large: parts of 1e9; pairs of visits, counted twice. */
  readonly predicted: string;
  readonly loss: string;
  readonly wins: string;
}

function summary(bins: readonly BinRow[]): VisitQuality {
  const total = (number: (bin: BinRow) => number) => bins.reduce((sum, bin) => sum + number(bin), 0);
  const visits = total((bin) => bin.visits);
  const converted = total((bin) => bin.converted);
  const share = converted / visits;
  const isBoth = converted > 0 && converted < visits;
  return {
    visits,
    converted,
    auc: isBoth ? rounded(total(({ wins }) => Number(wins)) / (2 * converted * (visits - converted))) : null,
    logLoss: rounded(total(({ loss }) => Number(loss)) / PARTS / visits),
    logLossOfShare: isBoth ? rounded(-share * Math.log(share) - (1 - share) * Math.log(1 - share)) : 0,
    calibration: bins.map((bin) => ({
      visits: bin.visits,
      predicted: rounded(Number(bin.predicted) / PARTS / bin.visits),
      converted: rounded(bin.converted / bin.visits),
    })),
  };
}

/**
 * The held-out visits in tenths by score. Of equal scores a pair counts half: the area is that of Mann and Whitney's U
 * (Hanley, McNeil: The meaning and use of the area under a receiver operating characteristic curve, Radiology 143, 1982).
 */
function binRows(dialect: Dialect, told: Scored): Sql {
  const below = raw('partition by month order by score nulls first rows between unbounded preceding and 1 preceding');
  const text = (column: Sql): Sql => dialect.castText(sql`sum(${column})`);
  return sql`
    with scored as (${told.rows}
    ),
    scores as (
      select month, score, cast(sum(visits) as int64) as visits, cast(sum(converted) as int64) as converted
      from scored
      group by month, score
    ),
    placed as (
      select
        month, score, visits, converted,
        coalesce(cast(sum(visits) over (${below}) as int64), 0) as visits_below,
        coalesce(cast(sum(visits - converted) over (${below}) as int64), 0) as others_below,
        cast(sum(visits) over (partition by month) as int64) as all_visits
      from scores
    ),
    binned as (
      select
        month, visits, converted, others_below,
        ${dialect.intDiv(sql`${raw(String(BINS))} * visits_below`, raw('all_visits'))} as bin,
        ${parts(dialect, sql`visits * ${told.chance}`)} as predicted,
        ${parts(dialect, told.loss)} as loss
      from placed
    )
    select
      month, bin, cast(sum(visits) as int64) as visits, cast(sum(converted) as int64) as converted,
      ${text(raw('predicted'))} as predicted, ${text(raw('loss'))} as loss,
      ${text(raw('converted * (2 * others_below + visits - converted)'))} as wins
    from binned
    group by month, bin
    order by month nulls first, bin nulls first`;
}
