import { UserError } from '../../config/user-error.ts';
import { EarlierShapeError } from '../../query/earlier-shape.ts';
import { flatCsv } from '../../query/export/csv.ts';
import { journeyTable } from '../../query/journey/flat.ts';
import { findJourney } from '../../query/journey/journey.ts';
import type { JourneySelector } from '../../query/journey/selector.ts';
import { JOURNEYS } from '../behind.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import type { Page, PageContent, PageContext } from '../page.ts';
import { address, carried } from '../state.ts';
import { journeyList } from './journeys-list.ts';
import { journeyBody } from './journeys-person.ts';
import { CONVERSION, FOUND_BY, listParams, searchedAddress, selectorIn } from './journeys-selector.ts';

/** From a number to the conversions behind it, and from a conversion, a lead, an address or a browser to the person. */
export const journeys: Page = { path: JOURNEYS, label: 'Journeys', render, sent: searchedAddress };

async function render(context: PageContext): Promise<PageContent> {
  const selector = selectorIn(context.params);
  if (selector === undefined) {
    const { body, csv } = await journeyList(context);
    return { title: 'Journeys', body: html`${searchForm(context, selector)}${body}`, ...(csv && { csv }) };
  }
  const { found, ...rest } = await foundBy(context, selector);
  return {
    title: 'Journey',
    ...rest,
    body: html`${searchForm(context, selector)}
      <p class="no-print"><a href="${address(JOURNEYS, listParams(context.params))}">All conversions of the period</a></p>
      ${found}`,
  };
}

/** Nobody found is an answer, with what to try next. */
async function foundBy(context: PageContext, selector: JourneySelector): Promise<Pick<PageContent, 'status' | 'csv'> & { found: Html }> {
  const { dataFolder, warehouse, publication, state } = context;
  try {
    const journey = await findJourney(dataFolder, selector, { warehouse, publication }, state.asOf !== undefined);
    return { found: journeyBody(context, journey), csv: () => flatCsv(journeyTable(journey)) };
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof EarlierShapeError) throw error;
    const found = html`<section class="panel empty" role="status">
      <h2>Nobody found</h2>
      <p class="says">${error.message}</p>
      <p>Look for the person by something else, or choose a conversion from the list.</p>
    </section>`;
    return { status: 404, found };
  }
}

/** Sent with POST: an address that is typed here stands in no address of a page. With a script it leaves as its hash. */
function searchForm({ params, config }: PageContext, selector: JourneySelector | undefined): Html {
  const chosen = selector?.by === 'conversion' ? `${CONVERSION}${selector.name}` : (selector?.by ?? 'lead');
  const option = (value: string, label: string) =>
    html`<option value="${value}" ${value === chosen ? html` selected` : NOTHING}>${label}</option>`;
  const typed =
    selector === undefined || selector.by === 'latest' || selector.by === 'email'
      ? ''
      : selector.by === 'conversion'
        ? selector.id
        : selector.value;
  return html`<form
    class="panel search no-print"
    method="post"
    action="${address(JOURNEYS, carried(params))}"
    data-hash="value"
    role="search"
  >
    <label
      >Find a person by<select name="by">
        ${each(Object.entries(FOUND_BY), ([name, label]) => option(name, label))}
        <optgroup label="Id of a conversion">
          ${each(config.conversions, ({ name, label }) => option(`${CONVERSION}${name}`, label))}
        </optgroup>
      </select></label
    >
    <label class="wide"
      >Id or address<input type="text" name="value" value="${typed}" autocomplete="off" autocapitalize="none" spellcheck="false"
    /></label>
    <button type="submit">Show journey</button>
    <a href="${address(JOURNEYS, carried(params), { latest: '1' })}">The visitor seen last</a>
    <p class="note">An e-mail address is hashed before it is looked up, and is neither kept nor shown.</p>
  </form>`;
}
