import type { Filter } from '../../../config/conversions.ts';

/** The event that {@link FILTER_CASES} ask about. */
export const FILTER_EVENT: { readonly dimensions: Readonly<Record<string, string>>; readonly properties: object } = {
  dimensions: { page_path: '/Preise/Team', country: 'DE', city: 'İZMİR', region: '', campaign: '2026' },
  properties: {
    plan: 'Enterprise',
    seats: 25,
    half: '0.5',
    trial: true,
    empty: ' ',
    nothing: null,
    'Sign up': 'yes',
    company: { size: { staff: 120 }, name: 'Fernhill' },
    tags: ['a'],
    products: [{ sku: 'A-1', price: 10, category: 'Shoes' }, { sku: 'B-2', price: 99.5, brand: { name: 'Ødegård' } }, 7],
  },
};

/** Filters, and whether they hold of it. */
export const FILTER_CASES: readonly [says: string, filter: Filter, holds: boolean][] = [
  ['texts are equal whatever the case of letters', { dimension: 'page_path', equals: '/preise/TEAM' }, true],
  ['beyond ASCII, too', { dimension: 'city', equals: 'izmir' }, true],
  ['a longer text is not equal', { dimension: 'page_path', equals: '/preise' }, false],
  ['one of several texts', { dimension: 'country', in: ['at', 'de'] }, true],
  ['none of several texts', { dimension: 'country', in: ['at', 'ch'] }, false],
  ['a part', { dimension: 'page_path', contains: 'ISE/t' }, true],
  ['signs of patterns are plain in a part', { dimension: 'page_path', contains: '%' }, false],
  ['a beginning', { dimension: 'page_path', startsWith: '/PREISE/' }, true],
  ['a beginning that is elsewhere', { dimension: 'page_path', startsWith: 'preise' }, false],
  ['a pattern anywhere', { dimension: 'page_path', matches: 'team$|^x' }, true],
  ['a pattern that is nowhere', { dimension: 'page_path', matches: '^team' }, false],
  ['a dimension is compared as a number', { dimension: 'campaign', gte: 2026 }, true],
  ['a text that is no number', { dimension: 'country', gt: 0 }, false],
  ['a dimension is set', { dimension: 'country', isSet: true }, true],
  ['an empty dimension is not', { dimension: 'region', isSet: true }, false],
  ['a dimension without a value is not', { dimension: 'browser', isSet: false }, true],
  ['nothing is equal to nothing', { dimension: 'browser', equals: 'x' }, false],
  ['what does not hold of nothing, holds negated', { not: { dimension: 'browser', equals: 'x' } }, true],
  ['a property', { property: 'plan', equals: 'enterprise' }, true],
  ['a number', { property: 'seats', equals: 25 }, true],
  ['a number as text', { property: 'seats', equals: '25' }, true],
  ['a number written otherwise', { property: 'seats', equals: 25.0 }, true],
  ['one of several numbers', { property: 'seats', in: [1, 25] }, true],
  ['above', { property: 'seats', gt: 24.5 }, true],
  ['not above itself', { property: 'seats', gt: 25 }, false],
  ['at least itself', { property: 'seats', gte: 25 }, true],
  ['below', { property: 'half', lt: 1 }, true],
  ['not below itself', { property: 'half', lt: 0.5 }, false],
  ['at most itself', { property: 'half', lte: 0.5 }, true],
  ['a boolean', { property: 'trial', equals: true }, true],
  ['the other boolean', { property: 'trial', equals: false }, false],
  ['an empty text is not set', { property: 'empty', isSet: true }, false],
  ['null is not set', { property: 'nothing', isSet: false }, true],
  ['what is not there is not set', { property: 'missing', isSet: false }, true],
  ['a list is no value', { property: 'tags', isSet: true }, false],
  ['a name with a space', { property: 'Sign up', equals: 'yes' }, true],
  ['a property inside of others', { property: 'company.size.staff', gte: 100 }, true],
  ['a property of any product', { product: 'sku', equals: 'b-2' }, true],
  ['a property of no product', { product: 'sku', equals: 'C-3' }, false],
  ['a number of any product', { product: 'price', gt: 50 }, true],
  ['a property inside of one of a product', { product: 'brand.name', startsWith: 'øde' }, true],
  [
    'comparisons may hold of different products',
    {
      all: [
        { product: 'sku', equals: 'A-1' },
        { product: 'price', gt: 50 },
      ],
    },
    true,
  ],
  ['some product has no category', { product: 'category', isSet: false }, true],
  ['no product has another category', { not: { product: 'category', equals: 'hats' } }, true],
  [
    'all must hold',
    {
      all: [
        { property: 'plan', isSet: true },
        { property: 'seats', lt: 10 },
      ],
    },
    false,
  ],
  [
    'any may hold',
    {
      any: [
        { property: 'missing', isSet: true },
        { property: 'seats', gt: 10 },
      ],
    },
    true,
  ],
  ['nested', { not: { any: [{ dimension: 'country', equals: 'AT' }, { all: [{ property: 'seats', lt: 10 }] }] } }, true],
];
