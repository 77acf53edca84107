/** Form systems by the hosts that their forms are sent to or framed from, and the page of the documentation about each. */
const VENDORS: readonly (readonly [hosts: RegExp, name: string, page: string, paths?: RegExp])[] = [
  [/(?:^|\.)(?:hsforms\.(?:net|com)|hubspot\.com|hubspotusercontent\S*\.net|hs-sites\S*\.com)$/, 'HubSpot', 'hubspot'],
  [/(?:^|\.)(?:marketo\.(?:com|net)|mktoweb\.com|mktorest\.com)$/, 'Marketo', 'marketo'],
  [/(?:^|\.)pardot\.com$/, 'Account Engagement (Pardot)', 'pardot'],
  // On a tracker domain of the company's own, whose name may be any: the number of the account, the day, and a code.
  [/./, 'Account Engagement (Pardot)', 'pardot', /^\/l\/\d+\/\d{4}-\d\d-\d\d\/\w+$/],
  [/^webto\.salesforce\.com$/, 'Salesforce web-to-lead', 'salesforce-web-to-lead'],
  [/(?:^|\.)typeform\.com$/, 'Typeform', 'typeform'],
  [/(?:^|\.)webflow\.(?:com|io)$/, 'Webflow', 'webflow'],
];

/** @returns the system that a form or frame of this address belongs to; undefined: none that is known. */
export function formVendor(address: string): { readonly name: string; readonly page: string } | undefined {
  const url = URL.parse(address);
  const vendor = url && VENDORS.find(([hosts, , , paths]) => hosts.test(url.hostname) && (!paths || paths.test(url.pathname)));
  return vendor ? { name: vendor[1], page: `docs/forms/${vendor[2]}.md` } : undefined;
}
