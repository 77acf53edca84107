import * as z from 'zod';
import { hasNoIssue, pattern, text, textTest } from './text-test.ts';

// The part `conversions` of the config: what counts as a conversion, by kind.

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores, beginning with a letter');
const days = z.int().min(1).max(3650);

const SUBJECTS = ['dimension', 'property', 'product', 'custom'] as const;
const OPERATORS = ['equals', 'in', 'contains', 'startsWith', 'matches', 'gt', 'gte', 'lt', 'lte', 'isSet'] as const;
const JUNCTIONS = ['all', 'any', 'not'] as const;
const has = (test: Readonly<Record<string, unknown>>, names: readonly string[]) => names.filter((one) => test[one] !== undefined).length;

const subjects = {
  /** A built-in dimension of the event or of the session it belongs to: `country`, `page_path`, `channel`, `campaign` … */
  dimension: text.optional(),
  /** A property of the event; `a.b` for one inside of another. */
  property: text.optional(),
  /** A property of one of the event's `products`; a comparison holds where it holds for any of them. */
  product: text.optional(),
  /** A dimension of `dimensions` in this config. */
  custom: text.optional(),
};
const operators = {
  /** Texts are compared without regard to letter case, numbers as numbers. */
  equals: z.union([text, z.number(), z.boolean()]).optional(),
  in: z
    .array(z.union([text, z.number()]))
    .min(1)
    .optional(),
  contains: text.optional(),
  startsWith: text.optional(),
  /** A regular expression, found anywhere in the text. */
  matches: pattern.optional(),
  gt: z.number().optional(),
  gte: z.number().optional(),
  lt: z.number().optional(),
  lte: z.number().optional(),
  /** Whether there is a value, and not an empty text. */
  isSet: z.boolean().optional(),
};
/** One comparison: exactly one subject and one operator are there. */
export type Comparison = { [Name in keyof typeof subjects | keyof typeof operators]?: z.infer<(typeof subjects & typeof operators)[Name]> };

/** What must hold of an event: one comparison, or others joined. */
export type Filter = Comparison | { all: Filter[] } | { any: Filter[] } | { not: Filter };
type Filters = z.ZodOptional<z.ZodArray<z.ZodType<Filter, Filter>>>;
type OneFilter = z.ZodOptional<z.ZodType<Filter, Filter>>;

const filterMembers = z
  .strictObject({
    ...subjects,
    ...operators,
    get all(): Filters {
      return z.array(filter).min(1).optional();
    },
    get any(): Filters {
      return z.array(filter).min(1).optional();
    },
    get not(): OneFilter {
      return filter.optional();
    },
  })
  .refine((test) => has(test, [...SUBJECTS, ...JUNCTIONS]) === 1, {
    error: ({ input }) => `${JSON.stringify(input)}: expected exactly one of ${[...SUBJECTS, ...JUNCTIONS].join(', ')}`,
    when: hasNoIssue,
  })
  .refine((test) => has(test, SUBJECTS) !== 1 || has(test, OPERATORS) === 1, {
    error: ({ input }) => `${JSON.stringify(input)}: expected exactly one of ${OPERATORS.join(', ')}`,
    when: hasNoIssue,
  })
  .refine((test) => has(test, JUNCTIONS) !== 1 || has(test, OPERATORS) === 0, {
    error: ({ input }) => `${JSON.stringify(input)}: all, any and not stand alone; the comparisons belong inside`,
    when: hasNoIssue,
  });
/** A filter as it is written. One object knows all members, so that a misspelt one is told by its name; the checks make it a {@link Filter}. */
export const filter = filterMembers as unknown as z.ZodType<Filter, Filter>;

const common = {
  name,
  label: text,
  /** How many days before `attribution_time` a session may begin to be credited; default: that of the project. */
  lookbackDays: days.optional(),
  /** Which part of the value is profit, from 0 to 1; 1 where the value is margin already. Only then is there an ROI. */
  margin: z.number().min(0).max(1).optional(),
};

/** How a conversion follows what changes after the fact. */
const adjusted = {
  /** Changes are followed this many days back; what changed earlier is counted and reported, `run --full` takes it over. */
  adjustmentDays: days.default(30),
  /** Whether a conversion stays whose value falls from above zero to zero. */
  keepZero: z.boolean().default(false),
  /** An export that lost more than this share of the rows of the range, and at least 20, or all of them, stops the run. */
  maximumShrink: z.number().min(0).max(1).default(0.3),
};

const normalize = z
  .strictObject({
    /** The conversion whose sum the values are scaled to. */
    to: name,
    /** Days of the trailing window, which ends on the conversion's own day. */
    days: days.default(30),
  })
  .optional();

const simple = {
  ...common,
  filter: filter.optional(),
  /** A conversion is dropped if the same user (equal client id or equal user id) has a kept one in so many days before. */
  deduplicateDays: days.optional(),
  normalize,
};

/** A query as a conversion. */
export const sqlConversion = z.strictObject({
  ...common,
  kind: z.literal('sql').default('sql'),
  /** SQL file, relative to the config file: one SELECT, filtered by @from and @to. */
  sql: text,
  /** Whether value is money; ratios such as ROAS exist only then. */
  value: z.enum(['money', 'none']).default('none'),
  ...adjusted,
  /** Whether changes before the window are looked for each night, which reads all history; else only with `run --full`. */
  watchHistory: z.boolean().default(true),
  /** The conversion whose credits a row takes where its lead_id is that one's id. */
  inherit: z
    .strictObject({
      from: name,
      /** Drops rows whose lead_id is NULL or matches nothing. */
      onlyMatched: z.boolean().default(false),
    })
    .optional(),
  normalize,
});

const purchase = z.strictObject({
  ...simple,
  kind: z.literal('purchase'),
  value: z.enum(['money', 'none']).default('money'),
  /** Keeps the first purchase of each user (equal client id or equal user id) only. */
  firstPerUser: z.boolean().default(false),
  /** Refunds (`Order Refunded`, `refund`) at most this many days after the order reduce its value or remove it. */
  adjustmentDays: days.default(30),
  keepZero: z.boolean().default(false),
});

const eventConversion = z.strictObject({
  ...simple,
  kind: z.literal('event'),
  /** Name of the event, as it is sent with `track`. */
  event: text,
  /** The property that is the id, such as `lead_id`; default: the event's own message id. */
  id: text.optional(),
  /** The event's value: a property (in the currency that `currency` of the event names), or one amount for all. */
  value: z.union([z.literal('none'), z.strictObject({ property: text }), z.strictObject({ amount: z.number() })]).default('none'),
});

const combined = z.strictObject({
  ...common,
  kind: z.literal('combined'),
  /** Names of simple conversions (purchase or event), two or more: each of theirs is one of its. */
  of: z.array(name).min(2),
  /** A conversion is dropped if the same client id has a kept one in so many days before. */
  deduplicateDays: days.optional(),
  normalize,
});

/** One conversion of the config. Without `kind` it is a query. */
export const conversion = z.discriminatedUnion('kind', [sqlConversion, purchase, eventConversion, combined]);
/** A conversion as the pipeline reads it. */
export type Conversion = z.infer<typeof conversion>;
export type SqlConversion = z.infer<typeof sqlConversion>;
export type PurchaseConversion = z.infer<typeof purchase>;
export type EventConversion = z.infer<typeof eventConversion>;
export type CombinedConversion = z.infer<typeof combined>;
/** The conversion whose credits another one takes; undefined: none. */
export function parentOf(one: Conversion): string | undefined {
  return one.kind === 'sql' ? one.inherit?.from : undefined;
}

/** Whether the values of a conversion are money. */
export function isMoney(one: Conversion, all: readonly Conversion[]): boolean {
  switch (one.kind) {
    case 'sql':
    case 'purchase':
      return one.value === 'money';
    case 'event':
      return one.value !== 'none';
    case 'combined':
      return one.of.some((part) => all.some((other) => other.name === part && other !== one && isMoney(other, all)));
  }
}

/** The part `selfReported` of the config: what people answer when they are asked how they heard of the company. */
export const selfReported = z
  .strictObject({
    /** Asked in their order; the first that holds names the channel, which reports show with "(SRA)" behind it. */
    rules: z.array(z.strictObject({ channel: text, when: textTest })).default([]),
    /** Property of events in which a form sends the answer; a query returns it as `self_reported_source`. */
    property: text.default('self_reported_source'),
    /** Which conversions are credited to the answer: those whose path is empty or all direct, only empty ones, all, or none. */
    credit: z.enum(['direct', 'empty', 'always', 'never']).default('direct'),
  })
  .default({ rules: [], property: 'self_reported_source', credit: 'direct' });
export type SelfReportedConfig = z.infer<typeof selfReported>;

/** The part `rates` of the config: exchange rates, for projects with more than one currency. */
export const rates = z
  .union([
    /** A file in the format of the European Central Bank (`eurofxref-hist.csv`): a Date, and a column per currency, per 1 EUR. */
    z.strictObject({ csv: text }),
    /** A table of the warehouse with the columns date DATE, currency STRING, rate FLOAT64: units of it per 1 of `base`. */
    z.strictObject({
      table: z.string().regex(/^[A-Za-z_][\w.-]*$/, 'expected the name of a table, such as "finance.rates"'),
      base: z.string().default('EUR'),
    }),
  ])
  .optional();

/** The part `dimensions` of the config: dimensions of sessions by rules of one's own. */
export const dimensions = z
  .record(
    name,
    z.strictObject({
      label: text,
      /** Asked in their order; the first that holds decides. */
      rules: z.array(z.strictObject({ value: text, when: filter })).min(1),
      /** The value where none holds. */
      otherwise: text.default('Other'),
    }),
  )
  .default({});
