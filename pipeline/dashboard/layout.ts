import { addDays } from '../config/calendar.ts';
import { dayText } from '../query/format.ts';
import { dataDateOf } from '../query/projection/projection.ts';
import { each, html, type Html, NOTHING } from './html.ts';
import type { Page, PageContent, PageContext } from './page.ts';
import { carried, address } from './state.ts';

/** Addresses of what every page loads. */
export interface Assets {
  readonly style: string;
  readonly script: string;
}

interface Frame {
  readonly title: string;
  readonly project?: string;
  readonly navigation?: Html;
  readonly body: Html;
  readonly footer?: Html;
}

/** The whole document. Nothing inline: the content security policy allows style and script from the dashboard itself only. */
export function documentOf({ style, script }: Assets, { title, project, navigation = NOTHING, body, footer = NOTHING }: Frame): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}${project === undefined ? NOTHING : html` · ${project}`} · Touchtrail</title>
        <link rel="stylesheet" href="${style}" />
        <link rel="icon" href="data:," />
        <script src="${script}" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header class="top">
          <div>
            <div class="brand">
              <strong>Touchtrail</strong>${project === undefined ? NOTHING : html`<span class="quiet">${project}</span>`}
            </div>
            ${navigation}
          </div>
        </header>
        <main id="main">${body}</main>
        <footer>${footer}</footer>
      </body>
    </html>`;
}

/** A page in its frame: navigation, freshness, and a link to the same view as CSV where it has one. */
export function framed(assets: Assets, pages: readonly Page[], context: PageContext, content: PageContent): Html {
  const { path, params, config } = context;
  const csv =
    content.csv === undefined
      ? NOTHING
      : html`<a class="no-print" href="${address(path, params, { format: 'csv' })}" download>Download as CSV</a>`;
  return documentOf(assets, {
    title: content.title,
    project: config.project.name,
    navigation: navigation(pages, path, params),
    body: html`<div class="heading">
        <h1>${content.title}</h1>
        ${csv}
      </div>
      ${notSeenYet(context)}${content.body}`,
    footer: freshness(context),
  });
}

/** Before anybody was seen a longer period helps nobody; the overview says so itself. */
function notSeenYet({ path, published }: PageContext): Html {
  return published || path === '/'
    ? NOTHING
    : html`<p class="note">
        Nothing is published yet: once visitors have been seen, <code>npx touchtrail run</code> publishes what they did.
      </p>`;
}

export function navigation(pages: readonly Page[], current: string, params: URLSearchParams): Html {
  return html`<nav aria-label="Pages">
    <ul>
      ${each(
        pages,
        (page) =>
          html`<li>
            <a href="${address(page.path, carried(params))}" ${page.path === current ? html` aria-current="page"` : NOTHING}
              >${page.label}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`;
}

/** What every number on a page must be read with: when it was made, from what, what may still come, in which zone and currency. */
function freshness(context: PageContext): Html {
  const { publication, config, published, state, time } = context;
  const { published_at, data_up_to, publication_id } = publication;
  const days = published ? html` Published are the days from ${dayText(published.start_date)} to ${dayText(published.end_date)}.` : NOTHING;
  const asOf = state.asOf === undefined ? NOTHING : html`<strong>An earlier publication.</strong> `;
  return html`<p>
    ${asOf}Published
    ${time.time(published_at)}${data_up_to === null ? NOTHING : html`, with what had arrived by ${time.time(data_up_to)}`}.${days}${stillOpen(context)}
    Time zone ${config.project.timeZone}, amounts in ${config.project.currency}. Publication <code>${publication_id}</code>.
  </p>`;
}

/** Whose clicks have not had the whole look-back window yet. By how much their figures may rise say the pages that show them. */
function stillOpen({ publication, config: { conversions, lookbackDays }, published }: PageContext): Html {
  if (!published || conversions.length === 0) return NOTHING;
  const since = addDays(dataDateOf(publication), 1 - lookbackDays);
  return since > published.end_date
    ? html` All these days have had the look-back window of ${lookbackDays} days.`
    : html` Still open: clicks since ${dayText(since < published.start_date ? published.start_date : since)} can bring conversions, within
      ${lookbackDays} days.`;
}
