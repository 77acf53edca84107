import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';
import { type GoogleEntries, type LayerEntry, readGoogle } from './consent/google.ts';
import { type ConsentDetails, type Cookiebot, type OneTrust, readCookiebot, readOneTrust, readUsercentrics } from './consent/platforms.ts';
import { type Standing, STATES } from './consent/standing.ts';
import { readTcData, type TcData } from './consent/tcf.ts';

/** The globals of the platforms. */
interface Platforms {
  readonly __tcfapi?: (command: string, version: number, callback: (data: TcData, isDone: boolean) => void) => void;
  readonly Cookiebot?: Cookiebot;
  readonly OneTrust?: OneTrust;
  readonly OnetrustActiveGroups?: string;
  readonly __ucCmp?: { getConsentDetails?(): Promise<ConsentDetails> };
  readonly google_tag_data?: { readonly ics?: GoogleStore };
}

/** Where Google's tags keep the consent. Not documented, but others read it as well, such as Microsoft Clarity. */
interface GoogleStore {
  readonly entries?: GoogleEntries;
  addListener?(types: readonly string[], callback: () => void): void;
}

/** Where the platforms say on `window` that something may have changed. */
const EVENTS = ['CookiebotOnConsentReady', 'CookiebotOnAccept', 'CookiebotOnDecline', 'OneTrustGroupsUpdated', 'UC_CONSENT'];

/** Milliseconds after which is looked again, for as long as there is no choice: a platform may arrive late, an event be missed. */
const INTERVAL = 500;

/**
 * Follows the consent platforms of the page for as long as it lives. IAB TCF and the platforms' own answers weigh the same:
 * whoever refuses is followed. Google consent mode counts where there is neither. The answer is read anew from the page each
 * time: a missed event delays it, and nothing adds up to a wrong one.
 */
export default function followConsent(core: Core): void {
  const page = window as unknown as Platforms & Readonly<Record<string, LayerEntry[] | undefined>>;
  const category = core.options['consentCategory'];
  let tcf: Standing = 4;
  let usercentrics: Standing = 4;
  let layer: LayerEntry[] | undefined;
  let store: GoogleStore | undefined;
  let told: Standing = 1;

  const followTcf = (framework: NonNullable<Platforms['__tcfapi']>) => {
    tcf = 1;
    framework('addEventListener', 2, (data, isDone) => {
      if (isDone) tcf = readTcData(data, tcf);
      look();
    });
  };

  const askUsercentrics = (platform: NonNullable<Platforms['__ucCmp']>) => {
    if (usercentrics > 3) usercentrics = 1;
    // It may refuse to answer until it is ready; then comes its event.
    platform.getConsentDetails?.().then(
      (details) => {
        const before = usercentrics;
        usercentrics = readUsercentrics(details, category);
        if (usercentrics !== before) look();
      },
      () => undefined,
    );
  };

  const followGoogle = () => {
    const present = page[core.options.dataLayer ?? 'dataLayer'];
    if (present?.push && layer !== present) {
      layer = present;
      const push = present.push;
      present.push = (...entries) => {
        const length = push.apply(present, entries);
        look();
        // Google's tags put their own in this one's place, which calls it first and then understands the entry.
        lookSoon();
        return length;
      };
    }
    const presentStore = page.google_tag_data?.ics;
    if (store !== presentStore) (store = presentStore)?.addListener?.(['analytics_storage'], lookSoon);
  };

  const read = (): Standing => {
    const { __tcfapi: framework, __ucCmp: central, Cookiebot: cookiebot, OneTrust: oneTrust } = page;
    if (framework && tcf > 3) followTcf(framework);
    if (central) askUsercentrics(central);
    followGoogle();
    const strictest = Math.min(
      tcf,
      usercentrics,
      cookiebot ? readCookiebot(cookiebot, category) : 4,
      oneTrust ? readOneTrust(oneTrust, page.OnetrustActiveGroups, category) : 4,
    ) as Standing;
    return strictest > 3 ? readGoogle(layer ?? [], store?.entries ?? {}, performance.now()) : strictest;
  };

  const look = () => {
    const now = attempt(read) ?? told;
    const state = STATES[now];
    if (!state || now === told) return;
    told = now;
    clearInterval(timer);
    core.decide(state, now > 2 ? 1 : 0);
  };
  const lookSoon = () => setTimeout(look);

  const timer = setInterval(look, INTERVAL);
  for (const name of EVENTS) addEventListener(name, look);
  look();
}
