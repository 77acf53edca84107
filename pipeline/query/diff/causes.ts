/**
 * Why a number differs between two publications, in order of precedence: what differs has the first of these causes that
 * applies, so that the parts of a change add up to it.
 *
 * What is new, has gone or says something else now comes first: such a conversion would differ whatever else happened. What
 * changed the path comes next, from the person to the sessions; then what changed the worth of a credit or its division.
 */
export const CAUSES = {
  definition: {
    label: 'Definitions',
    description: 'Another definition of the project, the conversion, the model, the channel rules or identity: all of it was built anew.',
  },
  new: { label: 'New', description: 'Not in the earlier publication.' },
  deleted: { label: 'Deleted', description: 'Not in the later publication.' },
  updated: { label: 'Updated', description: 'The source says something else: a time, the value, the qualification, an identifier.' },
  parent: { label: 'Parent', description: 'The conversion whose credits it has came, went or was updated.' },
  identity: { label: 'Merges and splits', description: 'Sessions that both publications have went to its person, or left it.' },
  late_events: { label: 'Late events', description: 'Sessions of its person were added, changed or went.' },
  exchange_rates: { label: 'Exchange rates', description: 'The same amount in another currency is worth something else.' },
  normalisation: { label: 'Normalisation', description: 'Its value is scaled by another conversion, whose sum is another one.' },
  model_version: { label: 'Model versions', description: 'The version of a fitted model that its month is credited by is another one.' },
  costs: {
    label: 'Costs',
    description: 'The ad platform reports something else, or rows came or went; or otherCosts of the config say something else.',
  },
  other: { label: 'Other', description: 'Not explained by what publications hold.' },
} as const satisfies Readonly<Record<string, { readonly label: string; readonly description: string }>>;

export type Cause = keyof typeof CAUSES;
export const CAUSE_NAMES = Object.keys(CAUSES) as Cause[];
