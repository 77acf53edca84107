import { CHANNEL_FIELDS, type ChannelCondition, type ChannelField, type ChannelsConfig, type TextTest } from './channels.ts';

/** One comparison, its texts in lower case; `in` has become several ways of `equals`. */
type Atom = { readonly field: ChannelField } & (
  | { readonly is: 'equals' | 'contains' | 'startsWith'; readonly text: string }
  | { readonly is: 'matches'; readonly pattern: string }
);
/** Comparisons that all hold. */
type Way = readonly Atom[];

/** A rule with more ways to hold than this is not looked at. */
const MOST_WAYS = 1_000;

/**
 * Warnings about the project's own rules that no visit can reach: those whose every case an earlier rule takes, and those
 * that contradict themselves. What it says is certain; it does not find everything (it knows no regular expressions beyond
 * equal ones and those tried on a text).
 */
export function unreachableRules({ rules }: Pick<ChannelsConfig, 'rules'>): string[] {
  return rules.flatMap(({ channel, when }, i) => {
    const ways = waysOf(when);
    if (ways === undefined) return [];
    const possible = ways.filter((way) => !isContradiction(way));
    const name = `channels.rules[${i}] ("${channel}") can never match`;
    if (possible.length === 0) return [`${name}: its conditions exclude each other`];
    const before = possible.map((way) => rules.slice(0, i).findIndex((rule) => follows(way, rule.when)));
    if (before.includes(-1)) return [];
    const takers = [...new Set(before)].sort((a, b) => a - b).map((j) => `channels.rules[${j}] ("${rules[j]!.channel}")`);
    return [
      `${name}: ${takers.join(' and ')} ${takers.length === 1 ? 'stands' : 'stand'} before it and ${takers.length === 1 ? 'takes' : 'take'} all it could; move it up or take it out`,
    ];
  });
}

/** All ways in which a condition can hold; undefined where they are too many. */
function waysOf(when: ChannelCondition): Way[] | undefined {
  let ways: Way[] = [[]];
  const and = (alternatives: readonly Way[] | undefined): boolean => {
    if (alternatives === undefined || ways.length * alternatives.length > MOST_WAYS) return false;
    ways = ways.flatMap((way) => alternatives.map((other) => [...way, ...other]));
    return true;
  };
  for (const field of CHANNEL_FIELDS) {
    const test = when[field];
    if (test && !and(atomsOf(field, test).map((atom) => [atom]))) return undefined;
  }
  for (const part of when.all ?? []) if (!and(waysOf(part))) return undefined;
  if (when.any) {
    const alternatives = when.any.map(waysOf);
    if (alternatives.includes(undefined) || !and(alternatives.flatMap((part) => part ?? []))) return undefined;
  }
  return ways;
}

/** Comparisons of which one must hold. */
function atomsOf(field: ChannelField, test: TextTest): Atom[] {
  if (test.in !== undefined) return test.in.map((text) => ({ field, is: 'equals', text: text.toLowerCase() }));
  if (test.equals !== undefined) return [{ field, is: 'equals', text: test.equals.toLowerCase() }];
  if (test.contains !== undefined) return [{ field, is: 'contains', text: test.contains.toLowerCase() }];
  if (test.startsWith !== undefined) return [{ field, is: 'startsWith', text: test.startsWith.toLowerCase() }];
  return [{ field, is: 'matches', pattern: test.matches ?? '' }];
}

/** Whether a visit that fits the way fits the condition, too. */
function follows(way: Way, when: ChannelCondition): boolean {
  return (
    CHANNEL_FIELDS.every((field) => {
      const test = when[field];
      return test === undefined || atomsOf(field, test).some((atom) => way.some((given) => implies(given, atom)));
    }) &&
    (when.all ?? []).every((part) => follows(way, part)) &&
    (when.any === undefined || when.any.some((part) => follows(way, part)))
  );
}

function implies(given: Atom, atom: Atom): boolean {
  if (given.field !== atom.field) return false;
  if (given.is === 'equals') return holds(atom, given.text);
  if (given.is === 'matches') return atom.is === 'matches' && atom.pattern === given.pattern;
  if (atom.is === 'contains') return given.text.includes(atom.text);
  return given.is === 'startsWith' && atom.is === 'startsWith' && given.text.startsWith(atom.text);
}

function holds(atom: Atom, text: string): boolean {
  if (atom.is === 'matches') return new RegExp(atom.pattern, 'i').test(text);
  if (atom.is === 'contains') return text.includes(atom.text);
  return atom.is === 'equals' ? text === atom.text : text.startsWith(atom.text);
}

function isContradiction(way: Way): boolean {
  return way.some((given) => given.is === 'equals' && way.some((atom) => atom.field === given.field && !holds(atom, given.text)));
}
