import { expect, test } from 'vitest';
import { Dice } from './dice.ts';
import { parametersOf, WORLD_DAYS } from './parameters.ts';
import { type Visit, lifeOf } from './person.ts';
import { CAUSAL_SEEDS, causalWorld, totalVariation } from './world.ts';

const SEEDS = CAUSAL_SEEDS.map((seed) => seed + 5000);

test('the same seed gives the same world, another seed another one', () => {
  expect(causalWorld(7, 50)).toEqual(causalWorld(7, 50));
  expect(parametersOf(7)).toEqual(parametersOf(7));
  expect(parametersOf(7)).not.toEqual(parametersOf(8));
});

test('draws are known by what they are for, whatever was drawn before, and are uniform', () => {
  const [one, other] = [new Dice(3), new Dice(3)];
  other.next('visit', 9, 4, 2);
  expect(one.next('visit', 5, 4, 2)).toBe(other.next('visit', 5, 4, 2));
  const drawn = Array.from({ length: 20_000 }, (_, i) => one.next('decides', i % 500, Math.floor(i / 500)));
  expect(new Set(drawn).size).toBeGreaterThan(19_990);
  const bins = Map.groupBy(drawn, (number) => Math.floor(number * 10));
  expect(bins.size).toBe(10);
  // 2,000 in each, with a standard deviation of 42.
  for (const bin of bins.values()) expect(Math.abs(bin.length - 2000)).toBeLessThan(200);
});

test('a life is in order of time, ends with its conversion, and has no visit of a channel that is off', () => {
  for (const seed of SEEDS.slice(0, 5)) {
    const parameters = parametersOf(seed);
    const dice = new Dice(seed);
    for (const { name } of parameters.channels) {
      for (let person = 0; person < 40; person++) {
        const { visits, isConverted } = lifeOf(parameters, dice, person, name);
        expect(visits.filter(({ channel }) => channel === name && parameters.channels.length > 1)).toEqual([]);
        expect(visits.map(({ minute }) => minute)).toEqual(visits.map(({ minute }) => minute).toSorted((a, b) => a - b));
        for (const { minute, seconds } of visits) {
          expect(minute).toBeLessThan(WORLD_DAYS * 1440);
          expect(seconds).toBeGreaterThanOrEqual(0);
        }
        if (isConverted) expect(visits.length).toBeGreaterThan(0);
      }
    }
  }
});

test('until a channel first brings somebody, a life without it is the same life', () => {
  const [seed] = SEEDS as [number];
  const parameters = parametersOf(seed);
  const dice = new Dice(seed);
  let compared = 0;
  for (let person = 0; person < 200; person++) {
    const life = lifeOf(parameters, dice, person);
    for (const { name } of parameters.channels) {
      const first = life.visits.findIndex(({ channel }) => channel === name);
      const without = lifeOf(parameters, dice, person, name);
      if (first < 0) expect(without).toEqual(life);
      // Who buys in a visit is there longer.
      const begins = (visits: readonly Visit[]) => visits.slice(0, first).map(({ channel, minute }) => [channel, minute]);
      if (first >= 0) expect(begins(without.visits)).toEqual(begins(life.visits));
      compared += Number(first > 0);
    }
  }
  expect(compared).toBeGreaterThan(50);
});

test('a channel without lift that nobody comes back by has brought nothing about, however many conversions it stood on', () => {
  const [seed] = SEEDS as [number];
  const parameters = parametersOf(seed);
  const channels = parameters.channels.map((one) => ({ ...one, lift: 0 }));
  const dice = new Dice(seed);
  const first = channels.find(({ kind }) => kind === 'prospecting')!;
  const lives = Array.from({ length: 600 }, (_, person) => person).map((person) => ({
    life: lifeOf({ ...parameters, channels }, dice, person),
    without: lifeOf({ ...parameters, channels }, dice, person, first.name),
  }));
  const onPath = lives.filter(({ life }) => life.isConverted && life.visits.some(({ channel }) => channel === first.name));
  expect(onPath.length).toBeGreaterThan(3);
  expect(lives.map(({ without }) => without.isConverted)).toEqual(lives.map(({ life }) => life.isConverted));
});

test('the worlds are as they are meant to be: ways of coming back bring little about and stand on most paths', () => {
  const worlds = SEEDS.slice(0, 8).map((seed) => causalWorld(seed, 300));
  for (const { truth, parameters, conversions } of worlds) {
    expect([...truth.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect([...truth.keys()]).toEqual(parameters.channels.map(({ name }) => name));
    expect(truth.get('Direct')).toBeLessThan(0.1);
    expect(conversions).toBeGreaterThan(10);
  }
  const converted = worlds.flatMap(({ lives }) => lives.filter(({ isConverted }) => isConverted));
  const endsDirect = converted.filter(({ visits }) => visits.at(-1)!.channel === 'Direct').length / converted.length;
  expect(endsDirect).toBeGreaterThan(0.3);
  const hasOthers = converted.filter(({ visits }) => visits.some(({ channel }) => !['Direct', 'Brand Search'].includes(channel)));
  expect(hasOthers.length / converted.length).toBeGreaterThan(0.6);
});

const shares = (...entries: [string, number][]) => new Map(entries);

test('total variation is the share that would have to move', () => {
  expect(totalVariation(shares(['a', 1]), shares(['a', 1]))).toBe(0);
  expect(totalVariation(shares(['a', 1]), shares(['b', 1]))).toBe(1);
  expect(totalVariation(shares(['a', 0.5], ['b', 0.5]), shares(['a', 0.75], ['c', 0.25]))).toBeCloseTo(0.5, 12);
});
