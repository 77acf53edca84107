import { INTERNAL_COOKIE } from './contract/internal-visitor.ts';
import { VISITOR_COOKIE } from './contract/visitor-cookie.ts';
import type { IncomingRequest } from './ingest.ts';
import type { Services } from './services.ts';

/** The page by which the people of the company keep their own visits out of the reports; with `?off` they count again. */
export async function answerInternalVisitor(request: IncomingRequest, { connectionOf }: Services): Promise<Response> {
  const url = new URL(request.url);
  const isOn = !url.searchParams.has('off');
  const { host } = await connectionOf(request);
  const headers = new Headers({
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  });
  // Not for an image, a frame or a link of some other site: only who looks at this page decides.
  const isAsked =
    (request.headers.get('sec-fetch-dest') ?? 'document') === 'document' && request.headers.get('sec-fetch-site') !== 'cross-site';
  if (isAsked) {
    for (const cookie of internalVisitorCookies(host, isOn, url.protocol === 'https:')) headers.append('Set-Cookie', cookie);
  }
  return new Response(
    isAsked ? internalVisitorPage(isOn) : page('Do your visits count?', 'Nothing has changed yet.', LINKS[isOn ? 1 : 0]),
    { headers },
  );
}

/**
 * The cookies by which a browser is known as the company's own, for each domain that the host lies in: of public suffixes (`co.uk`)
 * browsers keep none, so that the widest that stays is the site's, whatever the suffix is.
 * @param isOn false takes them away.
 * @param isSecure whether the browser came by https.
 */
export function internalVisitorCookies(host: string, isOn: boolean, isSecure: boolean): string[] {
  const labels = host.split('.');
  const isName = labels.length > 1 && !/^\d+$/.test(labels.at(-1)!);
  const domains = isName ? labels.slice(0, -1).map((_, index) => `; Domain=${labels.slice(index).join('.')}`) : [''];
  const { name, value } = INTERNAL_COOKIE;
  const maxAge = isOn ? VISITOR_COOKIE.maxAge : 0;
  return domains.map(
    (domain) => `${name}=${isOn ? value : ''}; Max-Age=${maxAge}; Path=/${domain}; SameSite=Lax; HttpOnly${isSecure ? '; Secure' : ''}`,
  );
}

/** Says what was done and how it is undone. */
export function internalVisitorPage(isOn: boolean): string {
  const title = `Your visits ${isOn ? 'do not ' : ''}count`;
  const state = isOn
    ? 'A cookie marks this browser as one of your company for 400 days: its visits are recorded, but reports leave them out.'
    : 'This browser is not marked as one of your company.';
  return page(title, state, LINKS[isOn ? 0 : 1]);
}

const LINKS = ['<a href="?off">Count my visits again</a>', '<a href="?">Do not count my visits</a>'] as const;

function page(title: string, state: string, link: string): string {
  return `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>${title}</title><h1>${title}</h1><p>${state}</p><p>${link}</p></html>`;
}
