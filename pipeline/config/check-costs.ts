import { type ConfigProblem, unknownName } from './problems.ts';
import type { Config } from './schema.ts';

/** What the schema of `costs` alone cannot know: the conversions that platforms mean by those they count. */
export function costProblems({ costs, conversions }: Pick<Config, 'costs' | 'conversions'>): ConfigProblem[] {
  const names = conversions.map(({ name }) => name);
  return costs.flatMap(({ platform, platformConversion: meant }, i): ConfigProblem[] => {
    if (meant === undefined) return [];
    const path = `costs[${i}].platformConversion`;
    if (!names.includes(meant)) return [{ path, message: unknownName(meant, 'conversion', names) }];
    const first = costs.findIndex((other) => other.platform === platform && other.platformConversion !== undefined);
    const said = costs[first]!.platformConversion!;
    return said === meant ? [] : [{ path, message: `"${meant}": costs[${first}] says "${said}" of ${platform}; expected the same` }];
  });
}
