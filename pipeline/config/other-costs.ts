import * as z from 'zod';
import { addDays } from './calendar.ts';
import { renderValue } from './problems.ts';
import { nearest } from './suggest.ts';
import { hasNoIssue } from './text-test.ts';

// The part `otherCosts` of the config: what a campaign costs beside its ads, such as people and production.

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores, beginning with a letter');
const text = z.string().trim().min(1);
const date = z.string().refine(isDate, { error: ({ input }) => `${JSON.stringify(input)}: expected a date such as "2026-06-30"` });

/** Whether a text is a date of the calendar: 2026-02-30 is none. */
function isDate(given: string): boolean {
  const day = /^\d{4}-\d\d-\d\d$/.test(given) ? new Date(`${given}T00:00:00Z`) : undefined;
  return day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(given);
}

/** The longest span of one entry: longer ones are written as several. */
const LONGEST_DAYS = 3660;

/** Dimensions that an entry may name: those of ad costs. */
export const OTHER_COST_DIMENSIONS = ['channel', 'source', 'medium', 'campaign', 'ad_platform', 'account', 'ad_group', 'ad'] as const;

/** Other dimensions of reports, and why an entry cannot name them. */
export const NOT_OF_OTHER_COSTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['term', 'content', 'landing_path', 'country', 'region', 'city', 'device_type', 'browser', 'os', 'new_returning'].map((dimension) => [
      dimension,
      'sessions have it, and costs have not',
    ]),
  ),
  source_medium: 'write source and medium',
  date: 'write from and to',
};

const members = z.strictObject({
  /** What it is for; the key of the entry. */
  name,
  /** The sum over all of its days, both ends included; negative for what is given back. */
  amount: z.number().min(-1e9).max(1e9),
  /** ISO 4217 code; default: the project's. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'expected an ISO 4217 code such as "EUR"')
    .optional(),
  from: date,
  to: date,
  /** What reports show it by; by a dimension that is not named it stands where that is not set. */
  channel: text.optional(),
  source: text.optional(),
  medium: text.optional(),
  campaign: text.optional(),
  ad_platform: text.optional(),
  account: text.optional(),
  ad_group: text.optional(),
  ad: text.optional(),
});

/** A member that is none: of what could be a dimension it says why it is none here. */
function unknownMember(key: string, value: unknown): string {
  const why = NOT_OF_OTHER_COSTS[key] ?? (/^(?:param|custom)\./.test(key) ? 'it follows from the others, or is not of costs' : undefined);
  if (why !== undefined)
    return `${renderValue(value)}: other costs cannot name ${key}: ${why}; expected one of ${OTHER_COST_DIMENSIONS.join(', ')}`;
  const known = Object.keys(members.shape);
  const near = nearest(key, known);
  return `${renderValue(value)}: unknown key; ${near === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${near}"?`}`;
}

const nothingElse = z.custom<never>(() => false, { error: ({ path, input }) => unknownMember(String(path?.at(-1)), input) });

export const otherCost = (members.catchall(nothingElse) as unknown as typeof members)
  .refine(({ from, to }) => from <= to, {
    error: ({ input }) => `from ${Object(input).from} lies after to ${Object(input).to}`,
    when: hasNoIssue,
  })
  .refine(({ from, to }) => daysBetween(from, to) <= LONGEST_DAYS, {
    error: 'expected at most ten years; write several entries for more',
    when: hasNoIssue,
  });
export type OtherCost = z.infer<typeof otherCost>;

/** The part `otherCosts` of the config. */
export const otherCosts = z
  .array(otherCost)
  .superRefine((costs, context) => {
    costs.forEach(({ name: given }, i) => {
      if (costs.findIndex((one) => one.name === given) !== i) {
        context.addIssue({ code: 'custom', path: [i, 'name'], message: `"${given}": stands twice; expected a name of its own` });
      }
    });
  })
  .default([]);

/** Days from one date to another, both included. */
export function daysBetween(from: string, to: string): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000 + 1;
}

/**
 * The amount of each day, in micros of its currency: as even as whole micros allow, and exactly the amount in sum. What
 * does not divide falls on the first days, a micro each (largest remainder, ties by date).
 */
export function dailyMicros({
  amount,
  from,
  to,
}: Pick<OtherCost, 'amount' | 'from' | 'to'>): { readonly date: string; readonly micros: bigint }[] {
  const days = daysBetween(from, to);
  const total = BigInt(Math.round(amount * 1e6));
  const sign = total < 0n ? -1n : 1n;
  const [share, rest] = [(total * sign) / BigInt(days), (total * sign) % BigInt(days)];
  return Array.from({ length: days }, (_, i) => ({
    date: addDays(from, i),
    micros: sign * (share + (BigInt(i) < rest ? 1n : 0n)),
  }));
}
