import { expect, test } from 'vitest';
import { checkConfig } from './check.ts';
import { SESSION_DIMENSIONS } from './filter-dimensions.ts';
import { UserError } from './user-error.ts';

const project = { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' };
/** The files of queries are not there: what is looked at is the config. */
function problemsOf(config: object): string[] {
  try {
    checkConfig({ project, ...config }, import.meta.dirname, 'touchtrail.config.ts', { onMissingFile: () => {} });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { exitCode, message } = error as UserError;
    expect(exitCode).toBe(2);
    return message.split('\n  ').slice(1);
  }
}

const query = (name: string, more: object = {}) => ({ name, label: name, sql: `${name}.sql`, ...more });
const purchase = (name: string, more: object = {}) => ({ name, label: name, kind: 'purchase', ...more });
const event = (name: string, more: object = {}) => ({ name, label: name, kind: 'event', event: name, ...more });
const combined = (name: string, ...of: string[]) => ({ name, label: name, kind: 'combined', of });

const VALID = {
  conversions: [
    query('lead'),
    query('deal', {
      value: 'money',
      inherit: { from: 'lead', onlyMatched: true },
      adjustmentDays: 180,
      normalize: { to: 'order', days: 7 },
    }),
    purchase('order', {
      firstPerUser: true,
      filter: {
        all: [
          { dimension: 'country', in: ['DE', 'AT'] },
          {
            any: [
              { property: 'shipping.city', equals: 'Wien' },
              { product: 'sku', startsWith: 'X-' },
            ],
          },
          { not: { custom: 'brand', equals: 'Other' } },
        ],
      },
    }),
    event('demo_requested', { id: 'lead_id', value: { amount: 50 }, deduplicateDays: 30 }),
    combined('any_contact', 'order', 'demo_requested'),
  ],
  dimensions: { brand: { label: 'Brand', rules: [{ value: 'Brand', when: { dimension: 'campaign', contains: 'brand' } }] } },
  selfReported: { rules: [{ channel: 'Word of Mouth', when: { contains: 'friend' } }] },
  rates: { table: 'finance.rates', base: 'USD' },
};

test('all kinds together are right', () => {
  expect(problemsOf(VALID)).toEqual([]);
});

/** What is wrong → the lines of the message. */
const WRONG: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'a parent that does not exist',
    { conversions: [query('lead'), query('mql', { inherit: { from: 'leed' } })] },
    ['conversions[1].inherit.from: "leed": no such conversion; did you mean "lead"?'],
  ],
  [
    'a conversion that inherits from itself',
    { conversions: [query('lead', { inherit: { from: 'lead' } })] },
    ['conversions[0].inherit.from: "lead": is the conversion itself; expected another one'],
  ],
  [
    'a circle of parents, told once',
    {
      conversions: [
        query('first', { inherit: { from: 'lead' } }),
        query('lead', { inherit: { from: 'deal' } }),
        query('mql', { inherit: { from: 'lead' } }),
        query('deal', { inherit: { from: 'mql' } }),
      ],
    },
    ['conversions[1].inherit.from: "deal": so "lead" inherits from itself: lead → deal → mql → lead; expected no circle'],
  ],
  [
    'a parent that is combined',
    { conversions: [event('a'), event('b'), combined('both', 'a', 'b'), query('lead', { inherit: { from: 'both' } })] },
    ['conversions[3].inherit.from: "both": is a combined conversion, whose ids no lead_id is; expected one of another kind'],
  ],
  [
    'a parent of a kind that has none',
    { conversions: [query('lead'), event('a', { inherit: { from: 'lead' } })] },
    [
      'conversions[1].inherit: {"from":"lead"}: unknown key; expected one of name, label, lookbackDays, margin, filter, deduplicateDays, normalize, kind, event, id, value',
    ],
  ],
  [
    'parts that are not simple, not there, or there twice',
    { conversions: [query('lead'), event('demo'), combined('a', 'demo', 'lead', 'deom', 'demo'), combined('b', 'a', 'demo')] },
    [
      'conversions[2].of[1]: "lead": is a query; expected conversions of kind purchase or event',
      'conversions[2].of[2]: "deom": no such conversion of kind purchase or event; did you mean "demo"?',
      'conversions[2].of[3]: "demo": stands here twice',
      'conversions[3].of[0]: "a": is a combined conversion; expected conversions of kind purchase or event',
    ],
  ],
  [
    'one part only',
    { conversions: [event('demo'), combined('a', 'demo')] },
    ['conversions[1].of: ["demo"]: expected array to have >=2 items'],
  ],
  [
    'a reference that does not exist, that is the conversion itself, or without money',
    {
      conversions: [
        purchase('order', { normalize: { to: 'ordr' } }),
        purchase('other', { normalize: { to: 'other' } }),
        event('demo'),
        purchase('third', { normalize: { to: 'demo' } }),
      ],
    },
    [
      'conversions[0].normalize.to: "ordr": no such conversion; there are other, demo, third',
      'conversions[1].normalize.to: "other": is the conversion itself; expected another one',
      `conversions[3].normalize.to: "demo": the values of "demo" are no money (value: 'none'); expected two conversions whose values are`,
    ],
  ],
  [
    'a circle of references',
    { conversions: [purchase('a', { normalize: { to: 'b' } }), purchase('b', { normalize: { to: 'a' } })] },
    ['conversions[0].normalize.to: "b": so "a" is normalised by itself: a → b → a; expected no circle'],
  ],
  [
    'names in a filter that there are not',
    {
      conversions: [
        purchase('order', {
          filter: {
            any: [{ dimension: 'contry', equals: 'DE' }, { not: { custom: 'barnd', equals: 'x' } }, { property: 'a..b', isSet: true }],
          },
        }),
      ],
      dimensions: VALID.dimensions,
    },
    [
      'conversions[0].filter.any[0].dimension: "contry": no such dimension; did you mean "country"?',
      'conversions[0].filter.any[1].not.custom: "barnd": no such dimension of "dimensions"; did you mean "brand"?',
      'conversions[0].filter.any[2].property: "a..b": expected the name of a property without quotes, such as "total", or "shipping.city" for one inside of another',
    ],
  ],
  [
    'a misspelt member deep in a filter',
    { conversions: [purchase('order', { filter: { all: [{ any: [{ dimension: 'country', equal: 'DE' }] }] } })] },
    ['conversions[0].filter.all[0].any[0].equal: "DE": unknown key; did you mean "equals"?'],
  ],
  [
    'comparisons without subject, without operator, with two, and beside a junction',
    {
      conversions: [
        { equals: 'DE' },
        { property: 'x' },
        { property: 'x', gt: 1, lt: 5 },
        { equals: 5, all: [{ property: 'x', isSet: true }] },
      ].map((filter, i) => purchase(`order${i}`, { filter })),
    },
    [
      'conversions[0].filter: {"equals":"DE"}: expected exactly one of dimension, property, product, custom, all, any, not',
      'conversions[1].filter: {"property":"x"}: expected exactly one of equals, in, contains, startsWith, matches, gt, gte, lt, lte, isSet',
      'conversions[2].filter: {"property":"x","gt":1,"lt":5}: expected exactly one of equals, in, contains, startsWith, matches, gt, gte, lt, lte, isSet',
      'conversions[3].filter: {"equals":5,"all":[{"property":"x","isSet":true}]}: all, any and not stand alone; the comparisons belong inside',
    ],
  ],
  [
    'a value of an event in no known form, and a kind that is none',
    { conversions: [event('demo', { value: { amunt: 5 } }), event('other', { value: { amount: '5' } }), event('third', { kind: 'evnt' })] },
    [
      'conversions[0].value: {"amunt":5}: expected "none" or { property } or { amount }',
      'conversions[1].value.amount: "5": expected a number',
      'conversions[2].kind: "evnt": expected one of "sql", "purchase", "event", "combined"; did you mean "event"?',
    ],
  ],
  [
    'own dimensions that are named like built-in ones, or ask what no session has',
    {
      dimensions: {
        channel: { label: 'Channel', rules: [{ value: 'a', when: { dimension: 'campaign', isSet: true } }] },
        brand: {
          label: 'Brand',
          rules: [
            { value: 'a', when: { dimension: 'page_path', isSet: true } },
            { value: 'b', when: { all: [{ property: 'total', gt: 5 }] } },
          ],
        },
      },
    },
    [
      'dimensions.channel: "channel": is a built-in dimension; expected another name',
      `dimensions.brand.rules[0].when.dimension: "page_path": no such dimension; there are ${SESSION_DIMENSIONS.join(', ')}`,
      'dimensions.brand.rules[1].when.all[0].property: "total": a session has no such thing; expected a dimension of sessions, such as "campaign"',
    ],
  ],
  [
    'self-reported channels in two spellings, or that are none',
    {
      selfReported: {
        rules: [
          { channel: 'Word of Mouth', when: { contains: 'friend' } },
          { channel: 'Word of Mouth (SRA)', when: { contains: 'colleague' } },
          { channel: 'Word of mouth', when: { contains: 'boss' } },
          { channel: '(not attributed)', when: { contains: 'x' } },
          { channel: '(SRA)', when: { contains: 'y' } },
        ],
      },
    },
    [
      'selfReported.rules[2].channel: "Word of mouth": "Word of Mouth" is spelt otherwise; expected one spelling of a channel',
      'selfReported.rules[3].channel: "(not attributed)": reports have this name for conversions without a session; expected another one',
      'selfReported.rules[4].channel: "(SRA)": expected a name before "(SRA)"',
    ],
  ],
  [
    'rates in a currency that is none, and of no known form',
    { rates: { table: 'rates', base: 'EURO' } },
    ['rates.base: "EURO": expected an ISO 4217 code such as "EUR"'],
  ],
  ['rates of no known form', { rates: { file: 'rates.csv' } }, ['rates: {"file":"rates.csv"}: expected { csv } or { table, base }']],
];

test.each(WRONG)('%s', (_, config, expected) => {
  expect(problemsOf(config)).toEqual(expected);
});
