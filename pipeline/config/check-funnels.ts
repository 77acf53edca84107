import type { Comparison, Filter } from './conversions.ts';
import { EVENT_DIMENSIONS, isPropertyPath } from './filter-dimensions.ts';
import { type ConfigProblem, renderPath, unknownName } from './problems.ts';
import type { Config } from './schema.ts';

/** What is wrong with event funnels beyond their shape: names that stand twice, and filters that ask about what events do not have. */
export function eventFunnelProblems({ eventFunnels }: Pick<Config, 'eventFunnels'>): ConfigProblem[] {
  return eventFunnels.flatMap(({ name, steps }, i) => [
    ...twice(eventFunnels, name, i, ['eventFunnels', i, 'name'], 'event funnel'),
    ...steps.flatMap((step, j) => [
      ...twice(steps, step.name, j, ['eventFunnels', i, 'steps', j, 'name'], 'step of this funnel'),
      ...(step.filter === undefined ? [] : filterProblems(step.filter, ['eventFunnels', i, 'steps', j, 'filter'])),
    ]),
  ]);
}

function twice(
  all: readonly { readonly name: string }[],
  name: string,
  place: number,
  path: readonly PropertyKey[],
  what: string,
): ConfigProblem[] {
  if (all.findIndex((one) => one.name === name) === place) return [];
  return [{ path: renderPath(path), message: `"${name}": names another ${what} already; expected another name` }];
}

function filterProblems(filter: Filter, path: readonly PropertyKey[]): ConfigProblem[] {
  const inside = (parts: readonly Filter[], junction: string) => parts.flatMap((part, i) => filterProblems(part, [...path, junction, i]));
  if ('all' in filter) return inside(filter.all, 'all');
  if ('any' in filter) return inside(filter.any, 'any');
  if ('not' in filter) return filterProblems(filter.not, [...path, 'not']);
  return comparisonProblems(filter, path);
}

function comparisonProblems({ dimension, custom, property, product }: Comparison, path: readonly PropertyKey[]): ConfigProblem[] {
  const at = (member: string) => renderPath([...path, member]);
  const known: readonly string[] = EVENT_DIMENSIONS;
  if (dimension !== undefined && !known.includes(dimension))
    return [{ path: at('dimension'), message: unknownName(dimension, 'dimension of an event', known) }];
  if (custom !== undefined)
    return [{ path: at('custom'), message: `"${custom}": dimensions of one's own are of sessions; a step asks about its event alone` }];
  const name = property ?? product;
  if (name === undefined || isPropertyPath(name)) return [];
  const member = property !== undefined ? 'property' : 'product';
  return [{ path: at(member), message: `${JSON.stringify(name)}: expected the name of a property without quotes, such as "total"` }];
}
