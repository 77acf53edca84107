/** Rules for one cache in front of the site, which it heeds instead of `Cache-Control`: RFC 9213, and Fastly's older name. */
const FOR_CDNS = [
  'cdn-cache-control',
  'cloudflare-cdn-cache-control',
  'netlify-cdn-cache-control',
  'vercel-cdn-cache-control',
  'surrogate-control',
];

/**
 * What `Cache-Control` must say on a response that sets the visitor cookie; undefined where the response may not set it.
 *
 * A cookie on a page that a shared cache keeps would give every visitor the same id. So a response that declares itself
 * cacheable for others (`public`, a lifetime without `private`, a rule for a CDN) sets none, and any other is marked
 * `private`: without that word, a cache may keep even what says nothing (RFC 9111 §3, §4.2.2).
 * @param header a header of the response, by its lower-case name.
 */
export function cacheControlBesideCookie(header: (name: string) => string | undefined): string | undefined {
  if (FOR_CDNS.some((name) => !isForOne(directivesOf(header(name))))) return undefined;
  const text = header('cache-control')?.trim();
  const directives = directivesOf(text);
  if (text && isForOne(directives)) return text;
  const isShared = directives.some((directive) => directive === 'public' || /^(?:s-maxage|max-age)="?0*[1-9]/.test(directive));
  if (isShared || (!text && header('expires') !== undefined)) return undefined;
  return text ? `${text}, private` : 'private';
}

function directivesOf(text: string | undefined): string[] {
  return (text ?? '')
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim())
    .filter(Boolean);
}

/** Whether no shared cache may keep it; a rule that does not exist forbids nothing and allows nothing. */
function isForOne(directives: readonly string[]): boolean {
  return directives.length === 0 || directives.includes('private') || directives.includes('no-store');
}
