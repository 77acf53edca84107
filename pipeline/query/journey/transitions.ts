import type { StageTransition } from './types.ts';

/** What tells which conversion of a person follows which. */
export interface StagedConversion {
  readonly name: string;
  readonly label: string;
  readonly id: string;
  readonly conversion_time: string;
  readonly lead_id: string | null;
}

const DAY = 86_400_000;

/**
 * The stage that a conversion of a funnel follows: of the conversions of the same person (and of the same lead, where both name
 * one) that stand before it in the funnel and happened before, the furthest stage, then the latest.
 */
export function transitionOf(
  conversion: StagedConversion,
  all: readonly StagedConversion[],
  funnel: readonly string[],
): StageTransition | null {
  const place = funnel.indexOf(conversion.name);
  const before = all
    .filter((one) => {
      const stage = funnel.indexOf(one.name);
      return stage >= 0 && stage < place && one.conversion_time <= conversion.conversion_time && isOfLead(one, conversion);
    })
    .toSorted((a, b) => funnel.indexOf(a.name) - funnel.indexOf(b.name) || (a.conversion_time < b.conversion_time ? -1 : 1))
    .at(-1);
  if (!before) return null;
  const days = Math.floor((Date.parse(conversion.conversion_time) - Date.parse(before.conversion_time)) / DAY);
  return { name: before.name, label: before.label, id: before.id, days };
}

/** Without a lead the person is all there is. */
function isOfLead(one: StagedConversion, { lead_id: lead }: StagedConversion): boolean {
  return lead === null || one.lead_id === null || one.lead_id === lead || one.id === lead;
}
