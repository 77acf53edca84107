import type { PlacedConversion } from './conversion-files.ts';
import { type Conversion, type Filter, isMoney, parentOf } from './conversions.ts';
import { FILTER_DIMENSIONS, isPropertyPath, SESSION_DIMENSIONS } from './filter-dimensions.ts';
import { type ConfigProblem, renderPath, unknownName } from './problems.ts';
import type { Config } from './schema.ts';

/** What is wrong with conversions beyond their shape: names that lead nowhere, circles, kinds that do not go together. */
export function conversionProblems(placed: readonly PlacedConversion[], config: Config): ConfigProblem[] {
  const all = placed.map(({ conversion }) => conversion);
  return [
    ...duplicates(placed),
    ...placed.flatMap((one) => [
      ...inheritProblems(one, all),
      ...combinedProblems(one, all),
      ...normalizeProblems(one, all),
      ...eventProblems(one),
    ]),
    ...circles(placed, parentOf, ['inherit', 'from'], 'inherits from itself'),
    ...circles(placed, referenceOf, ['normalize', 'to'], 'is normalised by itself'),
    ...placed.flatMap(({ conversion, at }) =>
      'filter' in conversion && conversion.filter
        ? filterProblems(conversion.filter, (...path) => at('filter', ...path), FILTER_DIMENSIONS, Object.keys(config.dimensions))
        : [],
    ),
    ...dimensionProblems(config),
    ...propertyProblems(config.selfReported.property, 'selfReported.property'),
    ...selfReportedProblems(config),
    ...ratesProblems(config),
  ];
}

function duplicates(placed: readonly PlacedConversion[]): ConfigProblem[] {
  return placed.flatMap(({ conversion: { name }, at }, i) => {
    const first = placed.findIndex(({ conversion }) => conversion.name === name);
    if (first === i) return [];
    return [{ path: at('name'), message: `"${name}": ${placed[first]!.at()} has the same name; expected each name once` }];
  });
}

function inheritProblems({ conversion, at }: PlacedConversion, all: readonly Conversion[]): ConfigProblem[] {
  const name = parentOf(conversion);
  if (name === undefined) return [];
  const path = at('inherit', 'from');
  if (name === conversion.name) return [{ path, message: `"${name}": is the conversion itself; expected another one` }];
  const parent = all.find((one) => one.name === name);
  if (!parent) return [{ path, message: unknownName(name, 'conversion', namesOf(all, conversion)) }];
  if (parent.kind !== 'combined') return [];
  return [{ path, message: `"${name}": is a combined conversion, whose ids no lead_id is; expected one of another kind` }];
}

function combinedProblems({ conversion, at }: PlacedConversion, all: readonly Conversion[]): ConfigProblem[] {
  if (conversion.kind !== 'combined') return [];
  const simple = all.filter(isSimple).map(({ name }) => name);
  return conversion.of.flatMap((name, i) => {
    const path = at('of', i);
    if (conversion.of.indexOf(name) !== i) return [{ path, message: `"${name}": stands here twice` }];
    const part = all.find((one) => one.name === name);
    if (!part) return [{ path, message: unknownName(name, 'conversion of kind purchase or event', simple) }];
    if (isSimple(part)) return [];
    const kind = part.kind === 'sql' ? 'a query' : 'a combined conversion';
    return [{ path, message: `"${name}": is ${kind}; expected conversions of kind purchase or event` }];
  });
}

function normalizeProblems({ conversion, at }: PlacedConversion, all: readonly Conversion[]): ConfigProblem[] {
  const name = referenceOf(conversion);
  if (name === undefined) return [];
  const path = at('normalize', 'to');
  if (name === conversion.name) return [{ path, message: `"${name}": is the conversion itself; expected another one` }];
  const reference = all.find((one) => one.name === name);
  if (!reference) return [{ path, message: unknownName(name, 'conversion', namesOf(all, conversion)) }];
  const without = [conversion, reference].find((one) => !isMoney(one, all));
  if (!without) return [];
  return [
    { path, message: `"${name}": the values of "${without.name}" are no money (value: 'none'); expected two conversions whose values are` },
  ];
}

/** Circles of references; each is told once, at the first of its conversions. A reference to itself is told elsewhere. */
function circles(
  placed: readonly PlacedConversion[],
  referenced: (one: Conversion) => string | undefined,
  path: readonly PropertyKey[],
  what: string,
): ConfigProblem[] {
  const byName = new Map(placed.toReversed().map(({ conversion }) => [conversion.name, conversion]));
  const told = new Set<string>();
  return placed.flatMap(({ conversion, at }) => {
    const chain = [conversion.name];
    for (let next = referenced(conversion); next !== undefined; next = referenced(byName.get(next)!)) {
      if (chain.includes(next) || !byName.has(next)) {
        if (next !== conversion.name || chain.length === 1 || told.has(next)) return [];
        chain.forEach((name) => told.add(name));
        return [{ path: at(...path), message: `"${chain[1]}": so "${next}" ${what}: ${[...chain, next].join(' → ')}; expected no circle` }];
      }
      chain.push(next);
    }
    return [];
  });
}

/** Names in a filter, of which there are only those. */
export function filterProblems(
  filter: Filter,
  at: (...path: readonly PropertyKey[]) => string,
  dimensions: readonly string[],
  custom: readonly string[],
): ConfigProblem[] {
  const inside = (part: Filter, ...place: readonly PropertyKey[]) =>
    filterProblems(part, (...path) => at(...place, ...path), dimensions, custom);
  if ('all' in filter) return filter.all.flatMap((part, i) => inside(part, 'all', i));
  if ('any' in filter) return filter.any.flatMap((part, i) => inside(part, 'any', i));
  if ('not' in filter) return inside(filter.not, 'not');
  if (filter.dimension !== undefined && !dimensions.includes(filter.dimension))
    return [{ path: at('dimension'), message: unknownName(filter.dimension, 'dimension', dimensions) }];
  if (filter.property !== undefined) return propertyProblems(filter.property, at('property'));
  if (filter.product !== undefined) return propertyProblems(filter.product, at('product'));
  if (filter.custom !== undefined && !custom.includes(filter.custom))
    return [{ path: at('custom'), message: unknownName(filter.custom, 'dimension of "dimensions"', custom) }];
  return [];
}

function eventProblems({ conversion, at }: PlacedConversion): ConfigProblem[] {
  if (conversion.kind !== 'event') return [];
  const { id, value } = conversion;
  return [
    ...(id === undefined ? [] : propertyProblems(id, at('id'))),
    ...(value !== 'none' && 'property' in value ? propertyProblems(value.property, at('value', 'property')) : []),
  ];
}

function propertyProblems(name: string, path: string): ConfigProblem[] {
  if (isPropertyPath(name)) return [];
  const expected = 'expected the name of a property without quotes, such as "total", or "shipping.city" for one inside of another';
  return [{ path, message: `${JSON.stringify(name)}: ${expected}` }];
}

/** Dimensions of one's own are of sessions: they know nothing of an event, and are not made of each other. */
function dimensionProblems({ dimensions }: Config): ConfigProblem[] {
  return Object.entries(dimensions).flatMap(([name, { rules }]) => [
    ...(FILTER_DIMENSIONS.some((builtIn) => builtIn === name)
      ? [{ path: renderPath(['dimensions', name]), message: `"${name}": is a built-in dimension; expected another name` }]
      : []),
    ...rules.flatMap(({ when }, i) => {
      const at = (...path: readonly PropertyKey[]) => renderPath(['dimensions', name, 'rules', i, 'when', ...path]);
      return [...filterProblems(when, at, SESSION_DIMENSIONS, Object.keys(dimensions)), ...notOfSessions(when, at)];
    }),
  ]);
}

function notOfSessions(filter: Filter, at: (...path: readonly PropertyKey[]) => string): ConfigProblem[] {
  const inside = (part: Filter, ...place: readonly PropertyKey[]) => notOfSessions(part, (...path) => at(...place, ...path));
  if ('all' in filter) return filter.all.flatMap((part, i) => inside(part, 'all', i));
  if ('any' in filter) return filter.any.flatMap((part, i) => inside(part, 'any', i));
  if ('not' in filter) return inside(filter.not, 'not');
  return (['property', 'product', 'custom'] as const).flatMap((subject) =>
    filter[subject] === undefined
      ? []
      : [
          {
            path: at(subject),
            message: `"${filter[subject]}": a session has no such thing; expected a dimension of sessions, such as "campaign"`,
          },
        ],
  );
}

/** A channel of this name would be taken for revenue without a session. */
const RESERVED_CHANNEL = '(not attributed)';

/** Two spellings of one answer would be two rows of every report. */
function selfReportedProblems({ selfReported }: Config): ConfigProblem[] {
  const spellings = new Map<string, string>();
  return selfReported.rules.flatMap(({ channel }, i) => {
    const path = `selfReported.rules[${i}].channel`;
    const bare = channel.replace(/\s*\(SRA\)$/i, '').trim();
    if (bare === '') return [{ path, message: `${JSON.stringify(channel)}: expected a name before "(SRA)"` }];
    if (bare.toLowerCase() === RESERVED_CHANNEL)
      return [
        { path, message: `${JSON.stringify(channel)}: reports have this name for conversions without a session; expected another one` },
      ];
    const key = bare.toLowerCase().replace(/[\s_-]+/g, '');
    const known = spellings.get(key);
    if (known === undefined) spellings.set(key, bare);
    if (known === undefined || known === bare) return [];
    return [{ path, message: `${JSON.stringify(channel)}: "${known}" is spelt otherwise; expected one spelling of a channel` }];
  });
}

function ratesProblems({ rates }: Config): ConfigProblem[] {
  if (!rates || !('base' in rates) || Intl.supportedValuesOf('currency').includes(rates.base)) return [];
  return [{ path: 'rates.base', message: `${JSON.stringify(rates.base)}: expected an ISO 4217 code such as "EUR"` }];
}

function isSimple(one: Conversion): boolean {
  return one.kind === 'purchase' || one.kind === 'event';
}

/** The conversion whose sums the values are scaled to; undefined: none. */
function referenceOf(one: Conversion): string | undefined {
  return one.normalize?.to;
}

function namesOf(all: readonly Conversion[], except: Conversion): string[] {
  return all.map(({ name }) => name).filter((name) => name !== except.name);
}
