import { touchtrail, type Touchtrail } from './api.ts';
import type { Consent } from './consent.ts';
import type { Extension, ExtensionName } from './extension.ts';
import { start as startTracker } from './start.ts';

export type { Consent, Touchtrail };

/** Extensions that a page has to ask for; the others are loaded where the page is seen to need them. */
export type OptionalExtension = 'data-layer' | 'query' | 'google' | 'mixpanel';

/** What the page says about the installation: the options of the script tag, in the types of a program. */
export interface TrackerOptions {
  /** A browser key of the project. */
  readonly writeKey: string;
  /** Address of the edge, such as `https://www.example.com/t/`, or a path of this site, such as `/t/`. */
  readonly apiHost: string;
  /** `false`: no automatic page views; `'hash'`: a change of the fragment is a page view, too. Default `true`. */
  readonly page?: boolean | 'hash';
  /** Message id of the first page view: that of the page call with which the site's own server has counted the same view. */
  readonly messageId?: string;
  /** `true`: events and complaints are written to the console. Default `false`. */
  readonly debug?: boolean;

  /** Name of the cookie with the visitor id. Default `anonymous_id`. */
  readonly cookieName?: string;
  /** Default: the widest domain for which the browser accepts a cookie. */
  readonly cookieDomain?: string;
  /** Default `/`. */
  readonly cookiePath?: string;
  /** Default 400, the most that browsers grant. */
  readonly cookieDays?: number;
  /** Default `Lax`. */
  readonly cookieSameSite?: 'Lax' | 'Strict' | 'None';

  /** The state until the page says otherwise. Default: `pending` where a consent platform is found, else nobody is asked. */
  readonly consent?: 'granted' | 'denied' | 'pending';
  /** `ignore`: Global Privacy Control changes nothing. */
  readonly gpc?: 'ignore';
  /** `true`: nothing is ever stored in the browser; `'denied'`: events go without storage and ids where consent was denied. */
  readonly cookieless?: boolean | 'denied';

  /** `keep`: `ehash` stays in the address bar. */
  readonly ehash?: 'keep';
  /** `allow`: e-mail addresses in properties, traits and page addresses are sent as they are. */
  readonly emails?: 'allow';

  /** A selector such as `[data-touchtrail]`: only forms that match get a field; `none`: no form does. Default: all. */
  readonly forms?: string;
  /** Name of the form field with the visitor id. Default `anonymous_id`. */
  readonly field?: string;
  /** Further form fields: names, or name of the field → what it carries (`{ cf_source: 'utm_source' }`). */
  readonly fields?: readonly string[] | Readonly<Record<string, string>>;

  /** Domains between which links carry the visitor id. */
  readonly linker?: readonly string[];
  /** `true`: links within the site carry the click ids and UTM parameters of the visit. */
  readonly carry?: boolean;

  readonly extensions?: readonly OptionalExtension[];
  /** Name of the data layer. Default `dataLayer`. */
  readonly dataLayer?: string;
  /** Events of the data layer to take. Default: all. */
  readonly dataLayerEvents?: readonly string[];
  /** The pattern that `ajs_uid` in an address has to fit as a whole. */
  readonly queryUid?: RegExp | string;
  /** The pattern that `ajs_aid` in an address has to fit as a whole. */
  readonly queryAid?: RegExp | string;
}

type Kind = 'text' | 'switch' | 'number' | 'list' | 'record' | 'pattern';

/** The options by what they may be; `satisfies` keeps the list complete. */
const KINDS = {
  writeKey: 'text',
  apiHost: 'text',
  page: 'switch',
  messageId: 'text',
  debug: 'switch',
  cookieName: 'text',
  cookieDomain: 'text',
  cookiePath: 'text',
  cookieDays: 'number',
  cookieSameSite: 'text',
  consent: 'text',
  gpc: 'text',
  cookieless: 'switch',
  ehash: 'text',
  emails: 'text',
  forms: 'text',
  field: 'text',
  fields: 'record',
  linker: 'list',
  carry: 'switch',
  extensions: 'list',
  dataLayer: 'text',
  dataLayerEvents: 'list',
  queryUid: 'pattern',
  queryAid: 'pattern',
} as const satisfies Readonly<Record<keyof TrackerOptions, Kind>>;

/** How a value of each kind is written as the text of an attribute; undefined where it is not of the kind. */
const TEXT_OF: Readonly<Record<Kind, (value: unknown) => string | undefined>> = {
  text: (value) => (typeof value === 'string' ? value : undefined),
  switch: (value) => (typeof value === 'boolean' || typeof value === 'string' ? String(value) : undefined),
  number: (value) => (typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined),
  list: (value) => (isTexts(value) ? value.join() : undefined),
  record: (value) => {
    if (isTexts(value)) return value.join();
    if (!value || typeof value !== 'object' || Array.isArray(value)) return undefined;
    const pairs = Object.entries(value) as [string, unknown][];
    return pairs.every(([, carried]) => typeof carried === 'string') ? pairs.map((pair) => pair.join('=')).join() : undefined;
  },
  pattern: (value) => (value instanceof RegExp ? value.source : typeof value === 'string' ? value : undefined),
};
const EXPECTED: Readonly<Record<Kind, string>> = {
  text: 'a string',
  switch: 'true, false or one of the words of its documentation',
  number: 'a number',
  list: 'an array of strings',
  record: 'an array of strings or an object with strings',
  pattern: 'a regular expression',
};

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string');
}

/** The options as a script tag would give them. @throws TypeError where one is unknown, missing or of another type. */
function optionTexts(options: TrackerOptions): Record<string, string> & { readonly writeKey: string } {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const kind = Object.entries(KINDS).find(([known]) => known === name)?.[1];
    if (!kind) throw new TypeError(`touchtrail: start() knows no option ${name}; it knows ${Object.keys(KINDS).join(', ')}`);
    // As TypeScript has it: an option that is undefined is not given; and what is off is not asked for, but for page views, which are on.
    if (value === undefined || (value === false && name !== 'page')) continue;
    const text = TEXT_OF[kind](value);
    if (text === undefined)
      throw new TypeError(`touchtrail: the option ${name} of start() is ${JSON.stringify(value)}; expected ${EXPECTED[kind]}`);
    if (text) texts[name] = text;
  }
  const { writeKey, apiHost } = texts;
  if (!writeKey) throw new TypeError('touchtrail: start() needs writeKey, a browser key of your project (npx touchtrail keys create)');
  if (!apiHost) throw new TypeError('touchtrail: start() needs apiHost, the address of the edge, such as https://www.example.com/t/');
  return { ...texts, writeKey };
}

/** Literal imports: a bundler makes a file of each, which the browser loads where the page needs it. */
const EXTENSIONS: Readonly<Record<ExtensionName, () => Promise<{ readonly default: Extension }>>> = {
  more: () => import('./extensions/more.ts'),
  consent: () => import('./extensions/consent.ts'),
  links: () => import('./extensions/links.ts'),
  carry: () => import('./extensions/carry.ts'),
  embedded: () => import('./extensions/embedded.ts'),
  vendors: () => import('./extensions/vendors.ts'),
  query: () => import('./extensions/query.ts'),
  'data-layer': () => import('./extensions/data-layer.ts'),
  google: () => import('./extensions/google.ts'),
  mixpanel: () => import('./extensions/mixpanel.ts'),
  fields: () => import('./extensions/fields.ts'),
  history: () => import('./extensions/history.ts'),
  ehash: () => import('./extensions/ehash.ts'),
  privacy: () => import('./extensions/privacy.ts'),
};

/** Where the page's tracker is noted: a development server replaces modules while the page stays, and a page may hold two copies of this one. */
const RUNNING = Symbol.for('touchtrail');

/**
 * Starts the tracker on this page and returns its methods. A second call returns the same ones and changes nothing, as
 * React's StrictMode makes it. On a server, where there is no page, the methods exist and do nothing.
 * @throws TypeError where an option is unknown, missing or of another type.
 */
export function start(options: TrackerOptions): Touchtrail {
  const texts = optionTexts(options);
  if (typeof window === 'undefined') return IDLE;
  const page = window as { [RUNNING]?: Touchtrail };
  if (page[RUNNING]) return page[RUNNING];
  page[RUNNING] = touchtrail;
  const run = () => void startTracker({ ...texts, script: location.href }, [], (name) => EXTENSIONS[name]());
  // A page that is only prepared has no visitor yet; what it calls waits.
  if ((document as { prerendering?: boolean }).prerendering) document.addEventListener('prerenderingchange', run, { once: true });
  else run();
  return touchtrail;
}

const nothing = (): undefined => undefined;

/** The methods where there is no page. */
const IDLE: Touchtrail = {
  track: nothing,
  page: nothing,
  screen: nothing,
  identify: nothing,
  group: nothing,
  alias: nothing,
  trackLink: nothing,
  trackForm: nothing,
  reset: nothing,
  ready: nothing,
  on: nothing,
  once: nothing,
  off: nothing,
  debug: nothing,
  user: () => ({ id: nothing, anonymousId: nothing, traits: () => ({}) }),
  getAnonymousId: nothing,
  setAnonymousId: nothing,
  consent: nothing,
  push: nothing,
  initialized: true,
};
