/**
 * The domains of a list, `shop.example, example.de`, as browsers write them: lower-case, in Punycode. `*.shop.example` and
 * `https://shop.example` say the same as `shop.example`.
 * @throws TypeError where an entry cannot be a host.
 */
export function parseDomains(list = ''): string[] {
  return (list.match(/[^\s,*.:/]+\.[^\s,:/]+/g) ?? []).map((domain) => new URL(`http://${domain}`).hostname);
}

/** The domain of the list that a host belongs to; undefined where it belongs to none. */
export function domainOf(host: string, domains: readonly string[]): string | undefined {
  return domains.find((domain) => `.${host}`.endsWith(`.${domain}`));
}
