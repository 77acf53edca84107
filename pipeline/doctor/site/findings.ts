import { type Finding, note, ok, problem, unknown } from '../finding.ts';
import { cookieLife, domainOf, type HostAddress, isOtherPort, routeOf } from './route.ts';
import { formVendor } from './vendors.ts';
import type { Exchange, PageForm, ScriptTag, Visit } from './visit.ts';

/** Of the hosts that are involved; undefined where DNS did not answer. */
export type LookUp = (host: string) => Promise<HostAddress | undefined>;

/** What a visit says: the script, the edge and the cookie, and each form. */
export async function judgeVisit(visit: Visit, lookUp: LookUp): Promise<Finding[]> {
  if (visit.status >= 400) {
    return [problem('Page', `${visit.url} answered ${visit.status}`, 'name a page that visitors see')];
  }
  const script = judgeScript(visit);
  const consent = visit.tags[0]?.options['consent'];
  return [
    ok('Page', visit.url),
    ...script,
    ...(consent === 'pending' || consent === 'denied'
      ? [
          note(
            'Consent',
            `the page asks first (data-consent="${consent}"): until then nothing is sent or stored, so that this visit shows no more`,
          ),
        ]
      : []),
    ...judgeDelivery(visit),
    ...(await judgeCookie(visit, lookUp)),
    ...judgeForms(visit),
  ];
}

/** Whether a tag is there, was allowed, was loaded, and has started. */
function judgeScript({ tags, script, isRunning, delivery, refusals }: Visit): Finding[] {
  const tag = tags[0];
  if (!tag) {
    if (delivery) return [note('Script', "no tag with a write key, but events are sent: the tracker is part of the site's own script")];
    return [
      problem(
        'Script',
        'the page has no script tag with a write key',
        'paste the line of snippet.html into the <head> of every page; with a tag manager, is the tag published?',
      ),
    ];
  }
  const twice = tags.length > 1 ? [note('Script', `${tags.length} tags; the first one counts`, 'remove the others')] : [];
  return [...twice, judgeTag(tag, { script, isRunning, refusals })];
}

function judgeTag(tag: ScriptTag, { script, isRunning, refusals }: Pick<Visit, 'script' | 'isRunning' | 'refusals'>): Finding {
  const shown = `${tag.src} with the write key ${tag.options['writeKey'] === '' ? '(empty)' : tag.options['writeKey']}`;
  if (isRunning) return ok('Script', shown);
  const refusal = refusals.find(({ directive, url }) => directive.startsWith('script-src') && isOf(url, tag.src));
  if (refusal) {
    return problem(
      'Script',
      `the Content Security Policy of the page refuses ${tag.src} (${refusal.directive})`,
      `add ${new URL(tag.src).origin} to script-src and connect-src of the header Content-Security-Policy: docs/install.md`,
    );
  }
  if (!script || script.status === undefined) {
    const words = script?.failure ?? 'the browser has not asked for it';
    return problem(
      'Script',
      `${tag.src} was not loaded: ${words}`,
      'does the name resolve, and does the edge answer? npx touchtrail doctor',
    );
  }
  if (script.status >= 400) {
    return problem('Script', `${tag.src} answered ${script.status}`, 'the path or the name of the script is wrong: npx touchtrail doctor');
  }
  return problem(
    'Script',
    `${tag.src} was loaded, but has not started`,
    'is it the tracker, is the write key there, and does another script use the name "touchtrail"? The console of the browser says more',
  );
}

/** Whether the edge has taken the events. */
function judgeDelivery({ tags, isRunning, delivery, refusals }: Visit): Finding[] {
  const consent = tags[0]?.options['consent'];
  if (!isRunning && !delivery) return [];
  if (!delivery) {
    if (consent === 'pending' || consent === 'denied') return [];
    const refusal = refusals.find(({ directive }) => directive === 'connect-src');
    return [
      refusal
        ? problem('Events', `the Content Security Policy of the page refuses ${refusal.url} (connect-src)`, connectRemedy(refusal.url))
        : problem(
            'Events',
            'none was sent within 10 seconds',
            'is consent waited for, or Global Privacy Control on? data-debug="true" on the tag shows it in the console',
          ),
    ];
  }
  return [judgeAnswer(delivery, tags[0]?.options['writeKey'], refusals)];
}

function judgeAnswer({ url, status, failure, body }: Exchange, writeKey: string | undefined, refusals: Visit['refusals']): Finding {
  const host = new URL(url).host;
  if (status === 200) return ok('Events', `${host} took them`);
  if (status === 401) {
    return problem(
      'Events',
      `${host} does not know the write key ${writeKey ?? ''}`.trimEnd(),
      'npx touchtrail keys list shows the keys of the edge',
    );
  }
  if (status !== undefined) {
    return problem(
      'Events',
      `${host} answered ${status}${messageIn(body)}`,
      status === 503 ? 'npx touchtrail doctor' : 'npx touchtrail keys list shows what the key allows',
    );
  }
  return refusals.some(({ directive }) => directive === 'connect-src')
    ? problem('Events', `the Content Security Policy of the page refuses ${new URL(url).origin} (connect-src)`, connectRemedy(url))
    : problem('Events', `${url} did not answer: ${failure ?? 'no reason given'}`, 'npx touchtrail doctor');
}

function messageIn(body: string): string {
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1];
  return message === undefined ? '' : `: ${message}`;
}

function connectRemedy(url: string): string {
  return `add ${new URL(url).origin} to connect-src of the header Content-Security-Policy: docs/install.md`;
}

/** Which way the edge is reached, and how long Safari keeps the cookie because of it. */
async function judgeCookie({ url, tags, delivery, documentCookies, cookie }: Visit, lookUp: LookUp): Promise<Finding[]> {
  const edgeUrl = delivery?.url ?? tags[0]?.src;
  if (edgeUrl === undefined) return [];
  const [siteHost, edgeHost] = [new URL(url).hostname, new URL(edgeUrl).hostname];
  const domain = domainOf(siteHost, cookie?.domain);
  const route = routeOf(siteHost, edgeHost, domain);
  const isTrial = isOtherPort(new URL(url), new URL(edgeUrl));
  const finding = isTrial ? otherPort(new URL(url), new URL(edgeUrl)) : judgeRoute(route, siteHost, edgeHost, delivery);
  if (cookie === undefined) return [finding, unknown('Cookie', 'there is none yet')];
  const isSet = (names: readonly string[] | undefined) => names?.includes(cookie.name) ?? false;
  const setBy = isSet(documentCookies) ? 'page' : isSet(delivery?.cookies) ? 'edge' : undefined;
  const [site, edge] = route === 'subdomain' ? await Promise.all([lookUp(siteHost), lookUp(edgeHost)]) : [undefined, undefined];
  const { days, why } = cookieLife({ route, setBy, site, edge, domain });
  const says = `${cookie.name} = ${cookie.value}, in Safari for ${days === undefined ? 'a time that cannot be told' : `${days} days`}: ${why}`;
  if (isTrial && days === 7) return [finding, note('Cookie', `${says}; of another port nothing more is to be had`)];
  return [
    finding,
    days === 7
      ? problem(
          'Cookie',
          `${says}; 24 hours where the visitor came by an ad with a click id`,
          'serve the edge from a path of the host of the page: docs/first-party.md',
        )
      : days === undefined
        ? unknown('Cookie', says)
        : ok('Cookie', says),
  ];
}

function judgeRoute(route: ReturnType<typeof routeOf>, siteHost: string, edgeHost: string, delivery: Exchange | undefined): Finding {
  if (route === 'same host') {
    const by = delivery?.status === undefined ? '' : delivery.viaCloudflare ? ', by Cloudflare' : ', passed on by the site or its server';
    return ok('Route', `the edge is a path of ${siteHost} itself${by}`);
  }
  if (route === 'subdomain') return ok('Route', `the edge is a subdomain of the site: ${edgeHost}`);
  return thirdParty(siteHost, edgeHost);
}

/** The edge is a program of its own on the host of the page. */
export function otherPort(site: URL, edge: URL): Finding {
  return ok(
    'Route',
    `the edge is on the same host as the page, on another port (${edge.host} beside ${site.host}): fine for trying it on one machine`,
  );
}

/** The edge is on another site. */
export function thirdParty(siteHost: string, edgeHost: string): Finding {
  return problem(
    'Route',
    `${edgeHost} is a third party on ${siteHost}: blockers know it, and it can set no cookie`,
    'serve the edge first-party: docs/first-party.md',
  );
}

function judgeForms({ forms, foreignFrames, cookie, isRunning, delivery }: Visit): Finding[] {
  const framed = foreignFrames.flatMap((address) => {
    const vendor = formVendor(address);
    return vendor
      ? [
          note(
            'Form',
            `one of ${vendor.name} in a frame of ${new URL(address).host}, which nobody can look into`,
            `send it once yourself, and check as ${vendor.page} says`,
          ),
        ]
      : [];
  });
  if (forms.length + framed.length === 0) return [note('Forms', 'none on this page')];
  return [...forms.map((form) => judgeForm(form, cookie?.value, isRunning || delivery !== undefined)), ...framed];
}

function judgeForm(form: PageForm, id: string | undefined, isTracked: boolean): Finding {
  const subject = 'Form';
  const name = nameOf(form);
  if (!form.takesField && form.value === undefined) {
    return note(subject, `${name} gets no field: method="get", role="search", or left out by data-touchtrail or data-forms`);
  }
  if (!isTracked) return unknown(subject, `${name}: the script has to run first`);
  if (id === undefined) return unknown(subject, `${name}: without a cookie there is no id to hold`);
  if (form.value === id) return ok(subject, `${name} holds the id of the cookie in its field`);
  const remedy = `see ${formVendor(form.action)?.page ?? 'docs/forms/html.md'}`;
  return form.value === undefined
    ? problem(subject, `${name} has no field with the visitor id`, remedy)
    : problem(subject, `${name} has the field, but it holds ${form.value === '' ? 'nothing' : `"${form.value}"`}`, remedy);
}

/** As a person would look for it. */
function nameOf({ id, name, action, isInShadow, frame }: PageForm): string {
  const marks = [id && `#${id}`, name && name !== id && `name="${name}"`, action && `→ ${action}`].filter(Boolean).join(' ');
  const place = `${isInShadow ? ', in a shadow root' : ''}${frame === undefined ? '' : `, in the frame ${frame}`}`;
  return `${marks === '' ? 'a form without a name' : marks}${place}`;
}

/** Whether the address that a policy names, which may be an origin alone, is of the script. */
function isOf(refused: string, src: string): boolean {
  return src.startsWith(refused) || refused.startsWith(src.split('?')[0]!);
}
