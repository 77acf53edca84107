import type { Sql } from './sql.ts';

/** How trees are grown: the same every time, from all rows. */
export interface TreeOptions {
  /** How many trees there are. */
  readonly trees: number;
  readonly maximumDepth: number;
  /** What part of what a tree corrects is taken over. */
  readonly learningRate: number;
  /** A leaf of less is not split off: of rows of chance p the sum of weight × p (1 − p). */
  readonly leastLeafWeight: number;
  /** By how much what leaves say is drawn to nothing. */
  readonly ridge: number;
}

/** What trees are grown from. */
export interface TreeRows {
  /** Names of the columns that are known of a row: texts are taken as names, numbers as in their order. */
  readonly features: readonly string[];
  /** An INT64 column, 1 or 0: what is to be told. */
  readonly label: string;
  /** A column of numbers: how many rows a row stands for. */
  readonly weight: string;
  /** A query of these columns, without parameters. */
  readonly rows: Sql;
}

/** How much a feature has to do with what the trees say. */
export interface TreeImportance {
  readonly feature: string;
  /** How many times the rows are split by it; and of these splits the mean of what they gain, and of the rows that they see. */
  readonly splits: number;
  readonly gain: number;
  readonly cover: number;
}

/** Boosted trees that a warehouse grows, keeps by their names and asks by itself. */
export interface BoostedTrees {
  /** Whether statements are noted instead of carried out: what depends on rows then goes on without them. */
  readonly isPlanned: boolean;

  /**
   * Grows trees and keeps them by the name, in place of any that have it: letters, digits and underscores, at most 1,024.
   * @throws UserError where the warehouse may not or cannot do so, saying what to do.
   */
  grow(name: string, rows: TreeRows, options: TreeOptions, label: string): Promise<void>;

  /**
   * A query of `columns` of the rows and `chance`, FLOAT64: the chance that the trees give the label 1.
   * @param rows a query of the features, and what else is carried on.
   */
  chances(name: string, rows: Sql, columns: readonly string[], label: string): Sql;

  /** By feature, in the order of their names; one that no split is by may be missing. */
  importance(name: string, label: string): Promise<TreeImportance[]>;

  /** Removes trees; ones that are not there are no error. */
  drop(name: string, label: string): Promise<void>;
}
