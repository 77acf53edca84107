import { expect, it } from 'vitest';
import { type GoogleEntries, type LayerEntry, readGoogle } from './google.ts';

/** `gtag(…)` puts its arguments object into the data layer: members `0`, `1`, `2`, and no array. */
const gtag = (...entry: unknown[]): LayerEntry => Object.assign({}, entry) as LayerEntry;
const both = (state: string) => ({ analytics_storage: state, ad_storage: state, ad_user_data: state });
const asked = gtag('consent', 'default', both('denied'));

const TABLE: readonly [situation: string, layer: readonly (LayerEntry | null)[], entries: GoogleEntries, standing: number][] = [
  ['nothing was said', [], {}, 4],
  ['only other things were said', [gtag('js', new Date()), { 0: 'config' }, null], {}, 4],
  ['only other kinds of storage were mentioned', [gtag('consent', 'default', { functionality_storage: 'denied' })], {}, 4],
  ['denied by default: the visitor has not decided', [asked], {}, 1],
  ['granted by default: nobody is asked', [gtag('consent', 'default', both('granted'))], {}, 2],
  ['accepted', [asked, gtag('consent', 'update', both('granted'))], {}, 3],
  ['accepted without advertising', [asked, gtag('consent', 'update', { ...both('denied'), analytics_storage: 'granted' })], {}, 2],
  ['advertising accepted, analytics not', [asked, gtag('consent', 'update', { ...both('granted'), analytics_storage: 'denied' })], {}, 0],
  ['refused', [asked, gtag('consent', 'update', both('denied'))], {}, 0],
  ['accepted, then withdrawn', [asked, gtag('consent', 'update', both('granted')), gtag('consent', 'update', both('denied'))], {}, 0],
  ['refused, then accepted', [asked, gtag('consent', 'update', both('denied')), gtag('consent', 'update', both('granted'))], {}, 3],
  [
    'an update in parts',
    [asked, gtag('consent', 'update', { analytics_storage: 'granted' }), gtag('consent', 'update', { ad_storage: 'granted' })],
    {},
    3,
  ],
  ['an update of something else', [asked, gtag('consent', 'update', { ad_storage: 'granted' })], {}, 1],
  ['an update in an array', [asked, ['consent', 'update', both('granted')]], {}, 3],
  ['an update whose default has left the data layer', [gtag('consent', 'update', both('granted'))], {}, 3],
  ['a command that does not exist', [gtag('consent', 'remove', both('granted')), gtag('consent')], {}, 4],
  [
    'denied in a region, granted elsewhere',
    [gtag('consent', 'default', { ...both('denied'), region: ['DE'] }), gtag('consent', 'default', both('granted'))],
    {},
    1,
  ],
  ['granted in a region, denied elsewhere', [asked, gtag('consent', 'default', { ...both('granted'), region: ['US'] })], {}, 1],
  [
    "Google's tags know that the denying region is another",
    [gtag('consent', 'default', { ...both('denied'), region: ['DE'] })],
    { analytics_storage: { default: true } },
    2,
  ],
  [
    "Google's tags know that the denying region is this one",
    [gtag('consent', 'default', { ...both('denied'), region: ['DE'] })],
    { analytics_storage: { default: false } },
    1,
  ],
  [
    "a template of Google's tag manager has updated",
    [asked],
    { analytics_storage: { default: false, update: true }, ad_storage: { update: true } },
    3,
  ],
  [
    "a template of Google's tag manager has withdrawn",
    [asked, gtag('consent', 'update', both('granted'))],
    { analytics_storage: { update: false }, ad_storage: { update: false } },
    0,
  ],
];

it.each(TABLE)('Google consent mode: %s', (_, layer, entries, standing) => {
  expect(readGoogle(layer, entries, 60_000)).toBe(standing);
});

it('Google consent mode: a default that grants waits as long as Google does for the refusal of an earlier page', () => {
  const layer = [gtag('consent', 'default', { ...both('granted'), wait_for_update: 500 })];
  expect(readGoogle(layer, {}, 499)).toBe(1);
  expect(readGoogle(layer, {}, 500)).toBe(2);
  expect(readGoogle([...layer, gtag('consent', 'update', both('granted'))], {}, 0)).toBe(3);
});
