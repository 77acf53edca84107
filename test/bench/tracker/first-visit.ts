import type { Browser, Page } from 'playwright-core';
import { type BenchEdge, WRITE_KEY } from './edge.ts';
import { type Asked, html, passToEdge, startSite } from './site.ts';
import { USER_AGENT } from './user-agent.ts';

/** A first visit as far as the script's size is concerned: where consent comes from, and how the visitor gives it. */
export interface FirstVisit {
  /** Its utm_campaign, by which its events are found. */
  readonly campaign: string;
  /** Attributes of the script tag. */
  readonly attributes: string;
  /** What the page holds before it. */
  readonly head: string;
  /** What the button "Accept" runs. */
  readonly accept: string;
}

/** The page asks for consent itself and says what it got. */
export const OWN_CONSENT: FirstVisit = {
  campaign: 'own-consent',
  attributes: ' data-consent="pending"',
  head: '',
  accept: `touchtrail.consent('granted')`,
};

const GOOGLE_STATES = (state: string): string =>
  JSON.stringify({ ad_storage: state, ad_user_data: state, ad_personalization: state, analytics_storage: state });

/**
 * A consent platform that speaks Google consent mode and IAB TCF 2.2 ("CMP API v2": a listener hears the state when it is
 * added and each time it changes), as the certified ones do. No attribute says so: the tracker has to find it.
 */
export const PLATFORM_CONSENT: FirstVisit = {
  campaign: 'platform-consent',
  attributes: '',
  head: `<script>
    window.dataLayer = [];
    function gtag() { dataLayer.push(arguments); }
    gtag('consent', 'default', ${GOOGLE_STATES('denied')});
    (function () {
      var listeners = [];
      var agreed = false;
      function state(id) {
        var purposes = {};
        for (var purpose = 1; purpose <= 11; purpose++) purposes[purpose] = agreed;
        return {
          tcString: agreed ? 'CQ-yes' : '', tcfPolicyVersion: 5, cmpId: 300, cmpVersion: 1, gdprApplies: true, cmpStatus: 'loaded',
          eventStatus: agreed ? 'useractioncomplete' : 'cmpuishown', listenerId: id, isServiceSpecific: true, useNonStandardTexts: false,
          publisherCC: 'DE', purposeOneTreatment: false, outOfBand: { allowedVendors: {}, disclosedVendors: {} },
          purpose: { consents: purposes, legitimateInterests: {} }, vendor: { consents: {}, legitimateInterests: {} },
          specialFeatureOptins: {}, publisher: { consents: purposes, legitimateInterests: {}, restrictions: {}, customPurpose: { consents: {}, legitimateInterests: {} } }
        };
      }
      window.__tcfapi = function (command, version, callback, parameter) {
        if (command === 'ping') callback({ gdprApplies: true, cmpLoaded: true, cmpStatus: 'loaded', displayStatus: 'visible', apiVersion: '2.2', cmpVersion: 1, cmpId: 300, gvlVersion: 1, tcfPolicyVersion: 5 });
        else if (command === 'addEventListener') callback(state(listeners.push(callback) - 1), true);
        else if (command === 'removeEventListener') { delete listeners[parameter]; callback(true); }
        else callback(null, false);
      };
      window.agree = function () {
        agreed = true;
        gtag('consent', 'update', ${GOOGLE_STATES('granted')});
        listeners.forEach(function (callback, id) { callback(state(id), true); });
      };
    })();
  </script>`,
  accept: 'agree()',
};

/** A script file that a browser loaded from the site. */
export interface LoadedScript {
  readonly path: string;
  readonly body: Buffer;
}

const STEP_WITHIN_MS = 15_000;

/**
 * Makes the visit in a real browser, against the real edge on a path of the site: lands with UTM parameters, accepts,
 * sends a plain form. Returns every script that was loaded from the site.
 * @throws Error where the visit did not do what it should: the size of a tracker that does not work says nothing.
 */
export async function scriptsOfFirstVisit(browser: Browser, edge: BenchEdge, visit: FirstVisit): Promise<LoadedScript[]> {
  const scripts = new Map<string, Buffer>();
  const submitted: URLSearchParams[] = [];
  const complaints: string[] = [];
  const page = html(`<!doctype html><html lang="en"><head><title>Spring offer</title>${visit.head}
    <script async src="/t/t.js" data-write-key="${WRITE_KEY}"${visit.attributes}></script></head>
    <body><button onclick="${visit.accept.replaceAll('"', '&quot;')}">Accept</button>
    <form action="/crm" method="post"><input name="email" type="email"><button>Send</button></form></body></html>`);
  const site = await startSite(async (asked: Asked) => {
    if (asked.path === '/' || asked.path === '/thanks') return page;
    if (asked.path === '/crm') {
      submitted.push(new URLSearchParams(asked.body.toString()));
      return { status: 303, headers: { location: '/thanks' }, body: '' };
    }
    if (!asked.path.startsWith('/t/')) return undefined;
    const reply = await passToEdge(edge.url, asked);
    if (!reply) return undefined;
    if (/javascript/.test(String(reply.headers['content-type'])) && reply.status === 200) scripts.set(asked.target, reply.body as Buffer);
    if (reply.status >= 400) complaints.push(`${asked.method} ${asked.target} was answered ${reply.status}`);
    return reply;
  });
  const context = await browser.newContext({ userAgent: USER_AGENT });
  context.setDefaultTimeout(STEP_WITHIN_MS);
  try {
    context.on('weberror', (error) => complaints.push(String(error.error())));
    const tab = await context.newPage();
    const stored = async (event: string): Promise<boolean> =>
      (await edge.landed()).some(
        (row) => (row.event ?? row.type) === event && row.utm_source === 'google' && row.utm_campaign === visit.campaign,
      );
    await tab.goto(`${site.url}/?utm_source=google&utm_medium=cpc&utm_campaign=${visit.campaign}&gclid=Cj0KCQ`, {
      waitUntil: 'networkidle',
    });
    if (await stored('page')) throw new Error('an event was sent before consent');
    await tab.getByRole('button', { name: 'Accept' }).click();
    await until(tab, () => stored('page'), complaints, 'no page view with its campaign after consent');
    await tab.fill('input[name=email]', 'grace@hopper.example');
    await tab.getByRole('button', { name: 'Send' }).click();
    await tab.waitForURL('**/thanks');
    await until(tab, () => stored('Form Submitted'), complaints, 'no Form Submitted with its campaign');
    const [cookie] = (await context.cookies()).filter(({ name }) => name === 'anonymous_id');
    if (!cookie || submitted[0]?.get('anonymous_id') !== cookie.value)
      throw new Error('the form did not carry the anonymous_id of the cookie');
    if (complaints.length > 0) throw new Error(complaints.join('; '));
  } finally {
    await context.close();
    await site.stop();
  }
  return [...scripts].map(([target, body]) => ({ path: target.replace(/\?.*/s, ''), body }));
}

/** Every look seals a landing segment. */
const LOOK_EVERY_MS = 200;

async function until(tab: Page, condition: () => Promise<boolean>, complaints: readonly string[], otherwise: string): Promise<void> {
  const end = performance.now() + STEP_WITHIN_MS;
  while (!(await condition())) {
    if (performance.now() > end || complaints.length > 0) throw new Error([otherwise, ...complaints].join(': '));
    await tab.waitForTimeout(LOOK_EVERY_MS);
  }
}
