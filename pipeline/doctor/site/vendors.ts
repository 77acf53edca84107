/** Form systems by the hosts that their forms are sent to or framed from, and the page of the documentation about each. */
const VENDORS: readonly (readonly [hosts: RegExp, name: string, page: string])[] = [
  [/(?:^|\.)(?:hsforms\.(?:net|com)|hubspot\.com|hubspotusercontent\S*\.net|hs-sites\S*\.com)$/, 'HubSpot', 'hubspot'],
  [/(?:^|\.)(?:marketo\.(?:com|net)|mktoweb\.com|mktorest\.com)$/, 'Marketo', 'marketo'],
  [/^go\.|(?:^|\.)pardot\.com$/, 'Account Engagement (Pardot)', 'pardot'],
  [/^webto\.salesforce\.com$/, 'Salesforce web-to-lead', 'salesforce-web-to-lead'],
  [/(?:^|\.)typeform\.com$/, 'Typeform', 'typeform'],
  [/(?:^|\.)webflow\.(?:com|io)$/, 'Webflow', 'webflow'],
];

/** @returns the system that a form or frame of this address belongs to; undefined: none that is known. */
export function formVendor(address: string): { readonly name: string; readonly page: string } | undefined {
  const host = URL.parse(address)?.hostname;
  const [, name, page] = VENDORS.find(([hosts]) => host !== undefined && hosts.test(host)) ?? [];
  return name === undefined ? undefined : { name, page: `docs/forms/${page}.md` };
}
