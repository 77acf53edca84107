import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';
import { isRestricted } from '../restricted.ts';
import { campaignParameters, carryInto, carryTo } from './carry/campaign.ts';
import { watchAddress } from './carry/history.ts';
import { parseDomains } from './links/domains.ts';
import { watchOpen } from './links/open.ts';
import { changeLink, watchUse } from './links/use.ts';

/**
 * Lets the campaign of a visit, its UTM parameters and click ids, go from page to page in the address (`data-carry`): a
 * visit keeps them when it moves from the browser inside of an app to the visitor's own.
 */
export default function carry({ options, touchtrail, mayStore, hasChosen }: Core): void {
  if (options.carry !== 'true') return;
  const domains = parseDomains(options.linker);
  const first = location.href;

  const carried = () => {
    const visit = mayStore() && attempt(() => JSON.parse(localStorage.getItem('touchtrail')!) as { readonly landing?: string });
    const parameters = campaignParameters((visit || undefined)?.landing ?? first);
    // As in what is sent: no click ids where the visitor or Global Privacy Control are against them.
    return isRestricted({ options, touchtrail, hasChosen }) ? parameters.filter((text) => /^utm_/i.test(text)) : parameters;
  };
  const carryAlong = (address: string, base = document.baseURI) => carryTo(address, base, location, domains, carried());

  const { decorate = (address: string) => address } = touchtrail;
  touchtrail.decorate = (address) => carryAlong(decorate(address));
  watchUse((element) => changeLink(element, carryAlong));
  watchOpen(carryAlong);
  watchAddress((address) => carryInto(address, carried()));
}
