import type { ConfigProblem } from '../../config/problems.ts';
import { NOT_ATTRIBUTED, type PublishedConfig } from '../../models/reports/publication.ts';
import { unknownName } from '../names.ts';

/** A stage of the funnel: a conversion. */
export interface FunnelStage {
  readonly name: string;
  readonly label: string;
  /** Whether its value is money. */
  readonly money: boolean;
}

/** The stages of a publication in their order, or those of them that are named. */
export function stagesOf({ conversions, funnel }: PublishedConfig, names: readonly string[] = funnel): FunnelStage[] {
  return funnel
    .filter((name) => names.includes(name))
    .map((name) => {
      const conversion = conversions.find((one) => one.name === name);
      return { name, label: conversion?.label ?? name, money: conversion?.value === 'money' };
    });
}

/** What is wrong where the config names no stages. */
export function noStages({ funnel }: PublishedConfig): ConfigProblem[] {
  if (funnel.length > 0) return [];
  return [{ path: '', message: 'the config names no stages: list conversions in `funnel`, then run `touchtrail run`' }];
}

/** What is wrong with a model that the publication does not have. */
export function unknownModel(model: string, { models }: PublishedConfig): ConfigProblem[] {
  return models.includes(model) ? [] : [{ path: 'model', message: unknownName('model', model, models) }];
}

/**
 * The place of every row at every stage, from 1: by value where the stage has one, else by count. Equal figures share a
 * place; a row without a count there, and what is not attributed, has none.
 */
export function placesOf<Figure extends { readonly value: number | null }>(
  rows: readonly { readonly value: string | null; readonly stages: readonly Figure[] }[],
  stages: readonly FunnelStage[],
  count: (figure: Figure) => number,
): (number | null)[][] {
  const byStage = stages.map(({ money }, stage) => {
    const weight = (figure: Figure) => (money ? figure.value : count(figure)) ?? 0;
    const competing = rows.map((row) =>
      row.value !== NOT_ATTRIBUTED && count(row.stages[stage]!) > 0 ? weight(row.stages[stage]!) : null,
    );
    const first = new Map<number, number>();
    competing
      .filter((one) => one !== null)
      .toSorted((left, right) => right - left)
      .forEach((one, i) => first.has(one) || first.set(one, i + 1));
    return competing.map((one) => (one === null ? null : first.get(one)!));
  });
  return rows.map((_, row) => byStage.map((places) => places[row]!));
}

/** By the place at the first stage, so that every later flip stands out; what is not attributed comes last. */
export function inOrder<Row extends { readonly value: string | null; readonly stages: readonly { readonly rank: number | null }[] }>(
  rows: readonly Row[],
): Row[] {
  const place = (row: Row) => (row.value === NOT_ATTRIBUTED ? [Infinity] : row.stages.map(({ rank }) => rank ?? Number.MAX_SAFE_INTEGER));
  return rows.toSorted((left, right) => {
    const [a, b] = [place(left), place(right)];
    const differing = a.findIndex((rank, i) => rank !== b[i]);
    return differing < 0 ? 0 : a[differing]! - b[differing]!;
  });
}
