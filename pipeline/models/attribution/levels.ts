import { type Conversion, parentOf } from '../../config/conversions.ts';

/**
 * Names of the conversions that inherit, by how many parents stand above them: those of the first list inherit from
 * conversions that do not inherit, those of the second from those of the first, and so on. All other conversions have
 * credits of their own. The check of the config has refused cycles.
 */
export function heirsByLevel(conversions: readonly Conversion[]): string[][] {
  const byName = new Map(conversions.map((one) => [one.name, one]));
  const levelOf = (one: Conversion, above: readonly string[] = []): number => {
    const parent = byName.get(parentOf(one) ?? '');
    if (!parent) return 0;
    if (above.includes(one.name)) throw new Error(`conversions inherit in a cycle: ${[...above, one.name].join(', ')}`);
    return 1 + levelOf(parent, [...above, one.name]);
  };
  const levels: string[][] = [];
  for (const one of conversions) {
    const level = levelOf(one);
    if (level > 0) (levels[level - 1] ??= []).push(one.name);
  }
  return levels;
}
