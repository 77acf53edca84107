import { attempt } from '../attempt.ts';
import type { Core, Loader } from '../extension.ts';
import { actionFields, itemsOf } from '../shims/ecommerce.ts';
import { createObserver, unlessThere, wrapGlobal } from '../shims/globals.ts';

type Fields = Record<string, unknown>;
type Queue = ((...call: unknown[]) => void) & { q?: Iterable<unknown>[]; loaded?: boolean };

/** The fields that may follow `ga('send', hitType)` without their names. */
const POSITIONS: Readonly<Record<string, string>> = {
  pageview: 'page',
  event: 'eventCategory eventAction eventLabel eventValue',
  social: 'socialNetwork socialAction socialTarget',
  timing: 'timingCategory timingVar timingValue timingLabel',
};

/** GA4's events for the actions of enhanced ecommerce. */
const ACTIONS: Readonly<Record<string, string>> = {
  click: 'select_item',
  detail: 'view_item',
  add: 'add_to_cart',
  remove: 'remove_from_cart',
  checkout: 'begin_checkout',
};

/** Fields by name: those in an object, and those that stand in their places. */
function named(names: string, values: readonly unknown[]): Fields {
  const fields: Fields = {};
  const places = names.split(' ');
  values.forEach((value, place) => {
    if (value && typeof value === 'object') Object.assign(fields, value);
    else if (places[place] && value !== undefined) fields[places[place]] = value;
  });
  return fields;
}

/**
 * Understands the commands of analytics.js: create, set, send, and the plugins `ecommerce` and `ec`. Of several trackers the
 * one created first counts, as all of them are told of the same events. Where Google's script is on the page it goes on
 * working; where it is not, `ga` is there all the same, and keeps its promises: callbacks.
 * Source: developers.google.com/analytics/devguides/collection/analyticsjs
 */
export default async function google(core: Core, load: Loader): Promise<void> {
  const { options, touchtrail } = core;
  const page = window as unknown as Record<string, unknown>;
  const global = (page['GoogleAnalyticsObject'] as string | undefined) ?? 'ga';
  const isThere = () => (page[global] as Queue).loaded;

  let main: unknown;
  let state: Fields = {};
  /** What `ec` collects for the next hit. */
  let products: Fields[] = [];
  let action: readonly unknown[] = [];
  /** What `ecommerce` collects until it is told to send. */
  let transactions: Fields[] = [];
  let items: Fields[] = [];

  const set = (fields: Fields) => {
    state = { ...state, ...fields };
    if (fields['userId']) touchtrail.identify(fields['userId']);
  };

  const trackEcommerce = (event: string, fields: Fields, sold: readonly Fields[]) =>
    touchtrail.track(event, {
      currency: state['currencyCode'] ?? state['&cu'],
      ...actionFields(fields),
      ...(sold.length && { items: itemsOf(sold) }),
    });

  const send = (...values: unknown[]) => {
    const { hitType } = named('hitType', values.slice(0, 1)) as Record<string, string>;
    const { hitCallback, ...own } = named(`hitType ${POSITIONS[hitType!] ?? ''}`, values);
    const hit = { ...state, ...own };
    const custom = Object.fromEntries(Object.entries(hit).filter(([name]) => /^(dimension|metric)\d/.test(name)));
    if (products.length || action.length) {
      const [name = 'view_item_list', fields] = action as [string?, Fields?];
      trackEcommerce(ACTIONS[name] ?? name, fields ?? {}, products);
      products = action = [];
    }
    if (hitType === 'pageview') {
      const path = hit['page'] as string | undefined;
      if (options.page === 'false') touchtrail.page(path, custom);
      // The tracker has sent the view of what the address says.
      else if (path && path.split('?')[0] !== location.pathname) touchtrail.track('page_view', { page_path: path, ...custom });
    } else if (hitType === 'event') {
      touchtrail.track(hit['eventAction'], {
        event_category: hit['eventCategory'],
        event_label: hit['eventLabel'],
        value: hit['eventValue'],
        ...custom,
      });
    } else touchtrail.track(hitType, { ...own, ...custom, hitType: undefined });
    unlessThere(isThere, hitCallback);
  };

  const addProduct = (product: unknown) => products.push(product as Fields);
  const commands: Readonly<Record<string, (...values: unknown[]) => void>> = {
    set: (name, value) => set(typeof name === 'string' ? { [name]: value } : (name as Fields)),
    send,
    'ec:addProduct': addProduct,
    'ec:addImpression': addProduct,
    'ec:setAction': (...named) => (action = named),
    'ecommerce:addTransaction': (transaction) => transactions.push(transaction as Fields),
    'ecommerce:addItem': (item) => items.push(item as Fields),
    'ecommerce:send': () => {
      for (const transaction of transactions) {
        const { id } = transaction;
        const sold = items.filter((item) => item['id'] === id);
        // Here the id of an item is the transaction's.
        trackEcommerce(
          'purchase',
          transaction,
          sold.map(({ sku, ...item }) => ({ ...item, id: sku })),
        );
      }
      transactions = items = [];
    },
    'ecommerce:clear': () => (transactions = items = []),
  };

  /** What a ready callback gets where analytics.js is not there. */
  const tracker = { ...commands, get: (field: string) => (field === 'clientId' ? touchtrail.getAnonymousId() : state[field]) };

  const run = ([command, ...values]: unknown[]) => {
    if (typeof command === 'function') return unlessThere(isThere, () => (command as Queue)(tracker));
    if (command === 'create') {
      const fields = named('trackingId cookieDomain name', values);
      main ??= fields['name'] ?? 't0';
      if ((fields['name'] ?? 't0') === main) set(fields);
      return;
    }
    const [, of = 't0', name] = /^(?:([^.:]+)\.)?(.+)$/.exec(String(command)) ?? [];
    if (of === (main ?? 't0')) commands[name!]?.(...values);
  };

  const observe = createObserver(run);
  wrapGlobal(global, (value) => {
    const ga: Queue = typeof value === 'function' ? (value as Queue) : (...call) => (ga.q ??= []).push(call);
    for (const call of ga.q ?? []) attempt(() => run([...call]));
    return observe(ga);
  });
  // `gtag` speaks to the data layer.
  if (!options.extensions?.includes('data-layer')) await (await load('data-layer')).default(core, load);
}
