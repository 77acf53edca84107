import { type Standing, standing } from './standing.ts';

/** Cookiebot's global. Until its script has run, the name may mean the script element with that id. */
export interface Cookiebot {
  readonly hasResponse?: boolean;
  readonly consent?: Readonly<Record<string, unknown>>;
}

/** OneTrust's global. Until its script has run, a site may keep settings there. */
export interface OneTrust {
  IsAlertBoxClosed?(): boolean;
  GetDomainData?(): { readonly ConsentModel?: { readonly Name?: string } };
}

/** What Usercentrics 3 hands over by `__ucCmp.getConsentDetails()`. */
export interface ConsentDetails {
  readonly consent: { readonly status: string; readonly type: string };
  readonly services: Readonly<Record<string, { readonly name: string; readonly consent?: { readonly given: boolean } }>>;
}

/** https://www.cookiebot.com/en/developer/ ; where nobody had to be asked, the consent's method is `implied`. */
export function readCookiebot({ hasResponse, consent = {} }: Cookiebot, category = 'statistics'): Standing {
  return standing(consent[category], hasResponse, consent['method'] === 'explicit' && consent['marketing']);
}

/**
 * https://developer.onetrust.com/onetrust/docs/javascript-api ; `groups` is `OnetrustActiveGroups`, `,C0001,C0002,`. To close
 * a notice that only offers to opt out is no consent to advertising.
 */
export function readOneTrust(platform: OneTrust, groups = '', category = 'C0002'): Standing {
  const active = groups.split(',');
  const isOptIn = platform.GetDomainData?.().ConsentModel?.Name === 'opt-in';
  return standing(active.includes(category), platform.IsAlertBoxClosed?.(), isOptIn && active.includes('C0004'));
}

/**
 * https://usercentrics.com/docs/web/implementation/ui/interfaces/ ; consent is given service by service. Where there is none
 * of the name, all have to be accepted.
 */
export function readUsercentrics({ consent: { status, type }, services }: ConsentDetails, name = 'Touchtrail'): Standing {
  const isAll = status === 'ALL_ACCEPTED';
  const service = Object.values(services).find((service) => service.name === name);
  return standing(service?.consent?.given ?? isAll, type === 'EXPLICIT', isAll);
}
