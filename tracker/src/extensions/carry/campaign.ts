import { hasCampaign } from '../../visit.ts';
import { domainOf } from '../links/domains.ts';
import { pageAt } from '../links/page-at.ts';
import { editQuery, nameOf } from '../links/query.ts';

/** UTM parameters and click ids among the parameters of an address, as they stand there. */
export function campaignParameters(address: string): string[] {
  return address.split('#')[0]!.split(/[?&]/).filter(isOfCampaign);
}

/**
 * The address with the parameters that it lacks. One that speaks of another campaign keeps to that: of two campaigns mixed,
 * neither would be true.
 */
export function carryInto(address: string, carried: readonly string[]): string {
  return editQuery(address, (parameters) => {
    if (parameters.some((text) => isOfCampaign(text) && !carried.includes(text))) return parameters;
    const names = parameters.map(nameOf);
    return [...parameters, ...carried.filter((text) => !names.includes(nameOf(text)))];
  });
}

/** The same for an address that leads to another page of the host `here` or of the site's own domains; any other as it is. */
export function carryTo(
  address: string,
  base: string,
  here: Location | URL,
  domains: readonly string[],
  carried: readonly string[],
): string {
  const target = pageAt(address, base, here.href);
  return target && (target.host === here.host || domainOf(target.hostname, domains)) ? carryInto(address, carried) : address;
}

function isOfCampaign(parameter: string): boolean {
  return hasCampaign(`?${parameter}`);
}
