import type { LaterMethods, Touchtrail } from './api.ts';
import { warn } from './attempt.ts';
import type { Consent, ConsentRank } from './consent.ts';
import type { EmailHash } from './email-hash.ts';
import type { Options } from './options.ts';

/**
 * What a page may need and most pages do not; each is a file of its own beside the script. The core loads `more`, which
 * brings methods that few pages call and sees what of the others is needed.
 */
export type ExtensionName =
  | 'more'
  // Consent platforms: IAB TCF, Google consent mode, Cookiebot, OneTrust, Usercentrics.
  | 'consent'
  // Global Privacy Control, and events without consent: no hashes, no click ids.
  | 'privacy'
  // `ehash` in the address, as mail tools mark the links of a recipient.
  | 'ehash'
  // Links between domains.
  | 'links'
  // Campaigns carried on the links of the site.
  | 'carry'
  // Forms in shadow roots and frames.
  | 'embedded'
  // HubSpot, Marketo, Typeform, Pardot, Gravity.
  | 'vendors'
  // Further form fields, and the field in which visitors say where they heard of the site.
  | 'fields'
  // Page views of single-page applications in browsers without the Navigation API.
  | 'history'
  // By `data-extensions`.
  | 'query'
  | 'data-layer'
  | 'google'
  | 'mixpanel';

/** The default export of an extension: called once with the running tracker. It must not throw. */
export type Extension = (core: Core, load: Loader) => LaterMethods | void | Promise<LaterMethods | void>;

/** What the tracker offers to its extensions. The members are a contract: a browser may hold an older core than extension. */
export interface Core {
  readonly options: Options;
  /** The methods of the page's global. */
  readonly touchtrail: Touchtrail;
  /**
   * What forms carry at the moment, by the name of the field. Empty values are to be taken back where they were filled in (the
   * consent was withdrawn); where there is none the field is left as it is. An extension may add to it.
   */
  readonly formValues: Record<string, string | undefined>;
  /** Calls back whenever forms are about to be filled, because the values or the elements of the page may have changed; and at once. */
  onFill(this: void, callback: () => void): void;
  /**
   * Keeps the forms of another document or shadow root filled and reports their submissions, as is done for the page itself.
   */
  watch(this: void, root: Document | ShadowRoot): void;
  /** Hands the hash of an address, or a hash as it is, to the next event; says whether the value was one. */
  noteAddress(this: void, value: unknown, origin: EmailHash['origin']): boolean;
  /** Says what the visitor decided; what the page itself said by `touchtrail.consent()` is not overruled by rank 0 or 1. */
  decide(this: void, state: Consent, rank: ConsentRank): void;
  /** Whether the visitor has said yes, which counts more than Global Privacy Control. */
  hasChosen(this: void): boolean;
  /** Whether the browser's storage may be used; keys begin with `touchtrail_`, so that the withdrawal of the consent removes them. */
  mayStore(this: void): boolean;
  /** Changes of messages, as JSON without e-mail addresses, before they are sent. */
  readonly outgoing: ((json: string) => string)[];
  /** Takes messages, as the edge gets them, into the queue. */
  enqueue(this: void, ...messages: string[]): void;
  /** To be called where the address of the page may have changed. */
  look(this: void): void;
}

/** Brings an extension. */
export type Loader = (name: ExtensionName) => Promise<{ readonly default: Extension }>;

let load: () => Promise<LaterMethods | void>;
let loading: Promise<LaterMethods | void> | undefined;

/** Says how extensions are loaded, and what they get. */
export function loadWith(loader: Loader, core: Core): void {
  load = () => loader('more').then((extension) => extension.default(core, loader));
}

/** Loads the extension that knows the others and brings methods. Where it cannot be loaded, the page does without. */
export function more(): Promise<LaterMethods | void> {
  return (loading ??= load().catch(warn));
}
