/** Headers as the Fetch standard has them, or as Node does: names in lower case. */
export type RequestHeaders = { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request of any framework, as far as the visitor cookie depends on it. A `Request` is one, and so is Express's. */
export interface VisitorRequest {
  readonly headers: RequestHeaders;
  readonly method?: string | undefined;
  /** Absolute, where nothing else says the protocol. */
  readonly url?: string | undefined;
  /** `https` or `https:`. */
  readonly protocol?: string | undefined;
  /** The host the browser asked for, where it differs from the header `Host`. */
  readonly hostname?: string | undefined;
}

/** Names of programs that keep no cookies. CUBOT makes phones. */
const BOT =
  /(?<!cu)bot(?![a-z\d])|crawl|spider|slurp|headless|lighthouse|facebookexternalhit|monitor|preview|^$|^(?:curl|wget|python|go-http|java|node|axios|okhttp)\b/i;

export function headerOf({ headers }: VisitorRequest, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[name.toLowerCase()];
  return typeof value === 'string' ? value : value?.join(name.toLowerCase() === 'cookie' ? '; ' : ', ');
}

/**
 * Whether the answer is a page that a person will see in a tab, and not a part of one, data, or a page that is only fetched
 * in advance. Browsers say so in `Sec-Fetch-Dest`, older ones and those on plain http only by the wish for HTML.
 */
export function isPageVisit(request: VisitorRequest): boolean {
  if (!['GET', 'POST'].includes(request.method?.toUpperCase() ?? 'GET')) return false;
  const purposes = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].map((name) => headerOf(request, name) ?? '');
  if (purposes.some((purpose) => /prefetch|prerender|preview/i.test(purpose))) return false;
  if (BOT.test(headerOf(request, 'user-agent')?.trim() ?? '')) return false;
  const destination = headerOf(request, 'sec-fetch-dest');
  return destination === undefined ? /\btext\/html\b/i.test(headerOf(request, 'accept') ?? '') : destination === 'document';
}

/** Whether the browser's connection is encrypted. What a proxy says counts only where the site trusts it: anyone can send the header. */
export function isHttps(request: VisitorRequest, trustProxy: boolean): boolean {
  const forwarded = trustProxy ? headerOf(request, 'x-forwarded-proto')?.split(',')[0]?.trim() : undefined;
  return /^https(?::|$)/i.test(forwarded ?? request.protocol ?? request.url ?? '');
}

/** The host the browser asked for, without its port. */
export function hostOf(request: VisitorRequest, trustProxy: boolean): string {
  const forwarded = trustProxy ? headerOf(request, 'x-forwarded-host')?.split(',')[0]?.trim() : undefined;
  return (forwarded ?? request.hostname ?? headerOf(request, 'host') ?? authorityOf(request.url) ?? '').replace(/:\d+$/, '').toLowerCase();
}

function authorityOf(url: string | undefined): string | undefined {
  return /^https?:\/\/(?:[^/@]*@)?([^/?#]+)/i.exec(url ?? '')?.[1];
}
