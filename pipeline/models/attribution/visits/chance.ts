import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../../warehouse/sql.ts';

/** Chances, coefficients and their sums are whole parts of this. */
export const PARTS = 1_000_000_000;

/** The exponential function of more than this is beyond a chance that can be told from 0 or 1. */
const FARTHEST = raw(String(30 * PARTS));

/** A FLOAT64 as INT64 parts of 1e9, rounded half away from zero. */
export const parts = (dialect: Dialect, number: Sql): Sql => dialect.micros(sql`(${number}) * 1000`);

/** The logarithm of the odds, INT64 parts of 1e9, as a FLOAT64 that `exp` can take. */
const logOdds = (dialect: Dialect, score: Sql): Sql => sql`(${dialect.greatest(sql`-${FARTHEST}`, dialect.least(FARTHEST, score))} / 1e9)`;

/** The chance, FLOAT64. */
export const chance = (dialect: Dialect, score: Sql): Sql => sql`(1 / nullif(1 + exp(-${logOdds(dialect, score)}), 0))`;

/** Minus the logarithm of the chance that the score gave to what became of the visits of a row (visits, converted), FLOAT64. */
export const lossOf = (dialect: Dialect, score: Sql): Sql =>
  sql`(visits * ln(1 + exp(${logOdds(dialect, score)})) - converted * ${logOdds(dialect, score)})`;

/** A chance as it is stored, INT64 parts of 1e9, as a FLOAT64. */
export const storedChance = (stored: Sql): Sql => sql`(${stored} / 1e9)`;

/** A chance, FLOAT64, as it is stored: never 0 or 1, of which no visit is. */
export const toStored = (dialect: Dialect, told: Sql): Sql =>
  dialect.greatest(raw('1'), dialect.least(raw(String(PARTS - 1)), parts(dialect, told)));

/** As {@link lossOf}, of chances as they are stored. */
export const lossOfStored = (stored: Sql): Sql =>
  sql`(-converted * ln(${storedChance(stored)}) - (visits - converted) * ln(1 - ${storedChance(stored)}))`;
