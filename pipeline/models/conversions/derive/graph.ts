import { parentOf } from '../../../config/conversions.ts';
import type { Config } from '../../../config/schema.ts';

/** A conversion that takes the credits of another one. */
export interface Inheritance {
  readonly name: string;
  /** The conversion whose id its lead_id is. */
  readonly parent: string;
  /** Whether rows that match no parent are dropped. */
  readonly onlyMatched: boolean;
}

/** A conversion whose values are scaled to the sum of another one. */
export interface Normalisation {
  readonly name: string;
  readonly reference: string;
  /** Length of the trailing window. */
  readonly days: number;
}

/**
 * The conversions that inherit, each after its parent: whether a parent is there is known before its children are asked.
 * The config is checked to have no cycle.
 */
export function inheritances({ conversions }: Config): Inheritance[] {
  const ordered: Inheritance[] = [];
  const visit = (name: string) => {
    const one = conversions.find((conversion) => conversion.name === name);
    const parent = one && parentOf(one);
    if (!one || one.kind !== 'sql' || parent === undefined || ordered.some((done) => done.name === name)) return;
    visit(parent);
    ordered.push({ name, parent, onlyMatched: one.inherit!.onlyMatched });
  };
  for (const { name } of conversions) visit(name);
  return ordered;
}

/** The conversions that are normalised. */
export function normalisations({ conversions }: Config): Normalisation[] {
  return conversions.flatMap(({ name, normalize }) => (normalize ? [{ name, reference: normalize.to, days: normalize.days }] : []));
}
