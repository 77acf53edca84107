import { expect, test } from 'vitest';
import type { ChannelCondition } from './channels.ts';
import { unreachableRules } from './unreachable-rules.ts';

const warned = (...conditions: ChannelCondition[]) =>
  unreachableRules({ rules: conditions.map((when, i) => ({ channel: `C${i}`, when })) });
/** Whether the second rule is said to be unreachable behind the first. */
const isHidden = (first: ChannelCondition, second: ChannelCondition) => warned(first, second).length === 1;

test('says which rule is hidden and which one hides it', () => {
  expect(
    unreachableRules({
      rules: [
        { channel: 'Search ads', when: { medium: { equals: 'cpc' } } },
        { channel: 'Brand', when: { medium: { equals: 'cpc' }, campaign: { contains: 'brand' } } },
      ],
    }),
  ).toEqual([
    'channels.rules[1] ("Brand") can never match: channels.rules[0] ("Search ads") stands before it and takes all it could; move it up or take it out',
  ]);
});

test('nothing is said of rules in the right order, nor of none', () => {
  expect(warned({ medium: { equals: 'cpc' }, campaign: { contains: 'brand' } }, { medium: { equals: 'cpc' } })).toEqual([]);
  expect(warned()).toEqual([]);
});

test('a rule that several earlier ones take together is named with all of them', () => {
  expect(warned({ source: { equals: 'a' } }, { source: { equals: 'b' } }, { source: { in: ['A', 'B'] } })).toEqual([
    'channels.rules[2] ("C2") can never match: channels.rules[0] ("C0") and channels.rules[1] ("C1") stand before it and take all it could; move it up or take it out',
  ]);
});

test('a rule whose conditions exclude each other is named', () => {
  expect(warned({ all: [{ source: { equals: 'a' } }, { source: { equals: 'b' } }] })).toEqual([
    'channels.rules[0] ("C0") can never match: its conditions exclude each other',
  ]);
  expect(warned({ all: [{ source: { equals: 'a' } }, { source: { in: ['b', 'a'] } }] })).toEqual([]);
});

test.each<[string, ChannelCondition, ChannelCondition]>([
  ['the same text in other letters', { source: { equals: 'Partner' } }, { source: { equals: 'partner' } }],
  ['one of a list', { source: { in: ['a', 'b'] } }, { source: { equals: 'b' } }],
  ['a list within a longer one', { source: { in: ['a', 'b', 'c'] } }, { source: { in: ['c', 'a'] } }],
  ['a text that contains what is asked', { campaign: { contains: 'brand' } }, { campaign: { equals: 'de-brand-1' } }],
  ['a longer part', { campaign: { contains: 'brand' } }, { campaign: { contains: 'de-brand' } }],
  ['a longer beginning', { landingPath: { startsWith: '/lp' } }, { landingPath: { startsWith: '/lp/a' } }],
  ['a beginning that contains what is asked', { landingPath: { contains: 'lp' } }, { landingPath: { startsWith: '/lp/' } }],
  ['the same pattern', { campaign: { matches: '^de_' } }, { campaign: { matches: '^de_' }, medium: { equals: 'cpc' } }],
  ['a text that fits a pattern', { campaign: { matches: '^de_' } }, { campaign: { equals: 'DE_brand' } }],
  ['one of two alternatives', { any: [{ source: { equals: 'a' } }, { medium: { equals: 'm' } }] }, { medium: { equals: 'm' } }],
  [
    'alternatives that are all taken',
    { any: [{ source: { equals: 'a' } }, { medium: { equals: 'm' } }] },
    { any: [{ source: { equals: 'a' }, campaign: { equals: 'c' } }, { all: [{ medium: { equals: 'm' } }] }] },
  ],
])('hides: %s', (_name, first, second) => {
  expect(isHidden(first, second)).toBe(true);
});

test.each<[string, ChannelCondition, ChannelCondition]>([
  ['another field', { source: { equals: 'a' } }, { medium: { equals: 'a' } }],
  ['a longer list', { source: { in: ['a', 'b'] } }, { source: { in: ['a', 'c'] } }],
  ['a shorter part', { campaign: { contains: 'de-brand' } }, { campaign: { contains: 'brand' } }],
  ['a part where a beginning is asked', { campaign: { startsWith: 'brand' } }, { campaign: { contains: 'brand' } }],
  ['another pattern', { campaign: { matches: '^de_' } }, { campaign: { matches: '^de_brand' } }],
  ['one of two conditions', { source: { equals: 'a' }, medium: { equals: 'm' } }, { medium: { equals: 'm' } }],
  ['alternatives of which one is left', { source: { equals: 'a' } }, { any: [{ source: { equals: 'a' } }, { medium: { equals: 'm' } }] }],
])('does not hide: %s', (_name, first, second) => {
  expect(isHidden(first, second)).toBe(false);
});

/** A small pseudo-random generator: https://en.wikipedia.org/wiki/Linear_congruential_generator */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('no visit of a small world fits a rule that is said to be unreachable and no rule before it', () => {
  const texts = ['a', 'b', 'ab', 'ba'];
  const next = generator(7);
  const conditionOf = (depth: number): ChannelCondition => {
    const field = (['source', 'medium'] as const)[next(2)]!;
    const text = texts[next(4)]!;
    const tests = [{ equals: text }, { in: [text, texts[next(4)]!] }, { contains: text }, { startsWith: text }, { matches: `^${text}` }];
    if (depth > 0 && next(2) === 0) return { [next(2) === 0 ? 'all' : 'any']: [conditionOf(depth - 1), conditionOf(depth - 1)] };
    return { [field]: tests[next(5)] };
  };
  const fits = (visit: Record<string, string>, when: ChannelCondition): boolean =>
    Object.entries(when).every(([key, value]) => {
      if (key === 'all') return (value as ChannelCondition[]).every((part) => fits(visit, part));
      if (key === 'any') return (value as ChannelCondition[]).some((part) => fits(visit, part));
      const [[operator, operand]] = Object.entries(value as object) as [[string, string | string[]]];
      const text = visit[key]!;
      if (operator === 'in') return operand.includes(text);
      if (operator === 'equals') return text === operand;
      if (operator === 'contains') return text.includes(operand as string);
      return text.startsWith(operator === 'matches' ? (operand as string).slice(1) : (operand as string));
    });
  const words = ['', 'a', 'b', 'ab', 'ba', 'aa', 'bb', 'aba', 'bab'];
  const visits = words.flatMap((source) => words.map((medium) => ({ source, medium })));
  let unreachable = 0;
  for (let world = 0; world < 2_000; world++) {
    const rules = Array.from({ length: 4 }, (_, i) => ({ channel: `C${i}`, when: conditionOf(2) }));
    const reached = new Set(visits.map((visit) => rules.findIndex(({ when }) => fits(visit, when))));
    const said = unreachableRules({ rules }).map((text) => Number(/^channels\.rules\[(\d)\]/.exec(text)![1]));
    unreachable += said.length;
    expect(said.filter((i) => reached.has(i))).toEqual([]);
  }
  expect(unreachable).toBeGreaterThan(100);
});
