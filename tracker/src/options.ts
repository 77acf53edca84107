/**
 * What the page says about the installation: attributes of the script tag (`data-write-key`), or parameters of the script's
 * own address (`t.js?writeKey=…`, spelled as here), because tag managers strip attributes. All are text; lists are separated by commas.
 */
export interface Options {
  readonly writeKey: string;
  /** Address of the script: the edge and the extensions lie beside it. */
  readonly script: string;
  /** Address of the edge. Default: the folder of the script, so that `/t/t.js` belongs to `/t/v1/batch`. */
  readonly apiHost?: string;
  /** Name of the global with the methods. Default `touchtrail`. */
  readonly global?: string;
  /** `false`: no automatic page views; `hash`: a change of the fragment is a page view, too. */
  readonly page?: string;
  /** Message id of the first page view: that of the page call with which the site's own server has counted the same view. */
  readonly messageId?: string;
  /** `true`: events and complaints are written to the console, by the extension `more`. */
  readonly debug?: string;

  /** The cookie of the visitor id: name (default `anonymous_id`), domain (default the widest possible), path (`/`), days (400), `SameSite` (`Lax`). */
  readonly cookieName?: string;
  readonly cookieDomain?: string;
  readonly cookiePath?: string;
  readonly cookieDays?: string;
  readonly cookieSameSite?: string;

  /** `pending`, `granted` or `denied` until the page says otherwise. Default: `pending` where a consent platform is found, else no consent is asked for. */
  readonly consent?: string;
  /** `ignore`: Global Privacy Control changes nothing. */
  readonly gpc?: string;
  /** `true`: nothing is ever stored in the browser; `denied`: events go without storage, hashes and click ids where consent was denied. */
  readonly cookieless?: string;

  /** `keep`: `ehash` stays in the address bar. */
  readonly ehash?: string;
  /** `allow`: e-mail addresses in properties, traits and page addresses are sent as they are. */
  readonly emails?: string;

  /** A selector such as `[data-touchtrail]`: only forms that match get a field; `none`: no form. Fields that the site has placed are filled everywhere. */
  readonly forms?: string;
  /** Name of the form field with the visitor id. Default `anonymous_id`. */
  readonly field?: string;
  /** Further form fields: `first_source=first_utm_source,gclid`: name of the field, then what it carries where that has another name. */
  readonly fields?: string;

  /** Extensions to load, beyond those that the page is seen to need: `data-layer`, `query`, `google`, `mixpanel`. */
  readonly extensions?: string;
  /** Domains between which links carry the visitor id. */
  readonly linker?: string;
  /** `true`: links within the site carry the click ids and UTM parameters of the visit. */
  readonly carry?: string;
  /** Name of the data layer. Default `dataLayer`. */
  readonly dataLayer?: string;
  /** `dataset` of a script tag, and names that only extensions know. */
  readonly [name: string]: string | undefined;
}

/** What the page said. */
export const options = {} as Options;

/** Begins to go by these options. */
export function useOptions(given: Options): void {
  Object.assign(options, given);
}

/** The options of a script tag; the write key is missing where the page has not given one. */
export function readOptions({ src, dataset }: Pick<HTMLScriptElement, 'src' | 'dataset'>): Partial<Options> {
  return { ...Object.fromEntries(new URL(src).searchParams), ...(dataset as Readonly<Record<string, string>>), script: src };
}
