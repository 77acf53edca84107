/**
 * The address with other parameters. They are texts as they stand between the `&`; whatever is not changed stays as it is
 * written, which `URLSearchParams` would not leave it. Relative addresses stay relative.
 */
export function editQuery(address: string, edit: (parameters: string[]) => readonly string[]): string {
  return address.replace(/^([^?#]*)\??([^#]*)/, (whole, path: string, query: string) => {
    const edited = edit(query ? query.split('&') : []).join('&');
    return edited === query ? whole : path + (edited && `?${edited}`);
  });
}

/** The name of a parameter, in lower case: advertisers write names as they like. */
export function nameOf(parameter: string): string {
  return parameter.split('=')[0]!.toLowerCase();
}
