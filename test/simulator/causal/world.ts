import { Dice } from './dice.ts';
import { type Parameters, parametersOf } from './parameters.ts';
import { type Life, lifeOf } from './person.ts';

/** The worlds that models are judged by. Nothing is chosen by them: what is tried out is tried on others, from 1001 on. */
export const CAUSAL_SEEDS: readonly number[] = Array.from({ length: 20 }, (_, i) => i + 1);

/** One world as it went, and what each channel has truly brought about in it. */
export interface CausalWorld {
  readonly parameters: Parameters;
  /** By number of the person. */
  readonly lives: readonly Life[];
  readonly conversions: number;
  /** Conversions that are lost where the channel is switched off, and the world runs once more; below 0 it was in the way of others. */
  readonly lost: ReadonlyMap<string, number>;
  /** These as shares that sum to 1; of negative ones 0. */
  readonly truth: ReadonlyMap<string, number>;
}

/** @param persons how many live in it, those included whom nothing ever reaches. */
export function causalWorld(seed: number, persons: number): CausalWorld {
  const parameters = parametersOf(seed);
  const dice = new Dice(seed);
  const lives = Array.from({ length: persons }, (_, person) => lifeOf(parameters, dice, person));
  const conversions = lives.filter(({ isConverted }) => isConverted).length;
  const lost = new Map(
    parameters.channels.map(({ name }) => {
      let lostHere = 0;
      lives.forEach((life, person) => {
        // Whom the channel never brought lives the same life without it.
        if (!life.visits.some(({ channel }) => channel === name)) return;
        lostHere += Number(life.isConverted) - Number(lifeOf(parameters, dice, person, name).isConverted);
      });
      return [name, lostHere];
    }),
  );
  const total = [...lost.values()].reduce((sum, one) => sum + Math.max(0, one), 0);
  const truth = new Map([...lost].map(([name, one]) => [name, total === 0 ? 0 : Math.max(0, one) / total]));
  return { parameters, lives, conversions, lost, truth };
}

/** Half of the sum of the differences: the share of the credit that would have to move for one to become the other. */
export function totalVariation(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].reduce((sum, name) => sum + Math.abs((one.get(name) ?? 0) - (other.get(name) ?? 0)), 0) / 2;
}
