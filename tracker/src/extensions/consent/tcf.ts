import { type Standing, standing } from './standing.ts';

/** By number of the purpose: true where there is a basis. */
type Purposes = Readonly<Record<number, boolean | undefined>>;

interface Bases {
  readonly consents: Purposes;
  /** True where a legitimate interest was disclosed and the visitor has not objected. */
  readonly legitimateInterests: Purposes;
}

/** As much of `TCData` as is read. Where the GDPR does not apply, the purposes are missing. */
export interface TcData {
  readonly gdprApplies?: boolean | undefined;
  readonly eventStatus?: string | undefined;
  readonly purpose?: Bases;
  readonly publisher?: Bases;
}

/**
 * What a consent string of the IAB framework allows a script of the site itself. While the dialog is shown (`cmpuishown`) the string
 * already holds every legitimate interest, and nothing is chosen: it stays as `before`.
 *
 * Purpose 1 (store and access) needs consent; purpose 7 or 8 (measure the performance of advertising, of content) needs
 * consent, or a legitimate interest that the visitor left standing. The site is the framework's "publisher": its own list
 * counts where it is in use, which shows by a consent in it, because a platform without that list hands out refusals.
 *
 * https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework/blob/master/TCFv2/IAB%20Tech%20Lab%20-%20CMP%20API%20v2.md
 */
export function readTcData({ gdprApplies, eventStatus, purpose, publisher }: TcData, before: Standing): Standing {
  if (gdprApplies === false) return 2;
  const { consents, legitimateInterests } = (Object.values(publisher?.consents ?? {}).includes(true) ? publisher : purpose) ?? {};
  const has = (number: number) => consents?.[number] || legitimateInterests?.[number];
  // `tcloaded`: chosen on an earlier page; `useractioncomplete`: chosen now.
  return /^tcl|^usera/.test(eventStatus!) ? standing(consents?.[1] && (has(7) || has(8)), true, consents?.[7]) : before;
}
