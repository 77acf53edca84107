/**
 * What kind of site a source is. `transit` sites (payment, sign-in) only lie on the way back to the site, `spam` never
 * sent anyone: neither is a referrer. `plain` sites are ordinary referrals that a broader entry would claim.
 */
export type SiteCategory = 'search' | 'social' | 'video' | 'shopping' | 'ai' | 'mail' | 'plain' | 'transit' | 'spam' | 'own';

/** One source with the hosts and names it is known by. */
export interface Site {
  readonly category: SiteCategory;
  /** The source of visits from it. */
  readonly source: string;
  /**
   * Hosts, each with all its subdomains; `google.*` stands for any country; names without a dot are what utm_source
   * says; `android-app://` referrers are package names. The longest entry that fits decides, so that `mail.google.com`
   * is no search.
   */
  readonly hosts: readonly string[];
  /** Whether the project says so itself: then it stands before the built-in list. */
  readonly ofProject?: boolean;
}

/** Medium of a visit whose referrer is such a site and which carries no UTM; as GA4 names it, e-mail apart. */
export const REFERRER_MEDIUM: Readonly<Record<SiteCategory, string | null>> = {
  search: 'organic',
  social: 'referral',
  video: 'referral',
  shopping: 'referral',
  ai: 'ai-assistant',
  mail: 'email',
  plain: 'referral',
  transit: null,
  spam: null,
  own: null,
};

/** Sites of one kind, by source. */
export function sites(category: SiteCategory, bySource: Readonly<Record<string, readonly string[]>>): Site[] {
  return Object.entries(bySource).map(([source, hosts]) => ({ category, source, hosts }));
}

/** Sites of one kind whose source is their host. */
export function hostsOf(category: SiteCategory, hosts: readonly string[]): Site[] {
  return hosts.map((host) => ({ category, source: host, hosts: [host] }));
}
