import { type Finding, note, ok, problem, unknown, wordsOf } from '../finding.ts';
import { HOW_TO_GET_A_BROWSER } from './browser.ts';
import { type LookUp, otherPort, thirdParty } from './findings.ts';
import { domainOf, isOtherPort, routeOf } from './route.ts';

/** What the text of a page says where there is no browser: whether a tag is there, and where it leads. */
export async function examineHtml(page: URL, lookUp: LookUp): Promise<Finding[]> {
  const limited = note('Browser', 'none was found, so that only the text of the page could be read', HOW_TO_GET_A_BROWSER);
  let response: Response;
  try {
    response = await fetch(page, { signal: AbortSignal.timeout(30_000), headers: { accept: 'text/html' } });
  } catch (error) {
    return [limited, problem('Page', `${page.href} cannot be reached: ${wordsOf(error)}`, 'is the address right?')];
  }
  if (!response.ok) return [limited, problem('Page', `${page.href} answered ${response.status}`, 'name a page that visitors see')];
  const html = (await response.text()).replaceAll(/<!--[\s\S]*?-->/g, '');
  const tag = html.match(/<script\b[^>]*>/gi)?.find((text) => /\bdata-write-key\s*=|[?&;]writeKey=/i.test(text));
  const src = tag && /\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(tag)?.slice(1).find(Boolean);
  const script = src && URL.parse(src, response.url);
  const forms = html.match(/<form\b/gi)?.length ?? 0;
  return [
    limited,
    ok('Page', response.url),
    ...(script
      ? [ok('Script', `a tag with ${script.href}`), await judgeHost(new URL(response.url), script, lookUp)]
      : [note('Script', 'no tag in the text of the page; a tag manager may add it', 'with a browser the doctor sees it')]),
    unknown('Events', 'whether they are sent, and taken, shows only in a browser'),
    unknown('Cookie', 'whether it is set, and how long it lives, shows only in a browser'),
    unknown('Forms', `${forms} in the text of the page: what they hold shows only in a browser`),
  ];
}

async function judgeHost(site: URL, edge: URL, lookUp: LookUp): Promise<Finding> {
  if (isOtherPort(site, edge)) return otherPort(site, edge);
  const [siteHost, edgeHost] = [site.hostname, edge.hostname];
  const route = routeOf(siteHost, edgeHost, domainOf(siteHost));
  if (route === 'same host') return ok('Route', `the edge is a path of ${siteHost} itself`);
  if (route === 'third party') return thirdParty(siteHost, edgeHost);
  const address = await lookUp(edgeHost);
  return ok(
    'Route',
    `the edge is a subdomain of the site: ${edgeHost}${address?.alias === undefined ? '' : `, a CNAME to ${address.alias}`}`,
  );
}
