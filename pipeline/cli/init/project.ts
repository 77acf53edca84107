import type { DeploymentSettings, LocalSettings, ProjectSettings } from './settings.ts';

/**
 * The config of a new project, with what it can grow by as comments.
 * @param place where events go in production, or, where everything is on this machine, the website and the path of the edge.
 */
export function configTemplate({ name, timeZone, currency }: ProjectSettings, place: DeploymentSettings | LocalSettings = {}): string {
  const own = place.site ? [ownDomain(place.site)] : [];
  const edge = 'dataset' in place ? deployed(place) : place.path === undefined ? '' : `  edge: { path: ${quote(place.path)} },\n\n`;
  return `import { defineConfig } from 'touchtrail';

export default defineConfig({
  project: { name: ${quote(name)}, timeZone: ${quote(timeZone)}, currency: ${quote(currency)} },

${edge}  // Your own domains: visits between them are no referrals.
  site: { domains: [${own.map(quote).join()}] },

  // One SQL file each; it says what counts and when it happened.
  conversions: [{ name: 'lead', label: 'Lead', sql: 'conversions/lead.sql' }],
  funnel: ['lead'],

  // How conversions are credited: rules, and models that are fitted every month to the paths that were seen.
  attribution: {
    models: [
      'first_click',
      'last_click',
      'last_significant_click',
      'linear',
      'position_based',
      'time_decay',
      'shapley',
      'markov',
      'visit_scoring',
    ],
  },

  // CRM exports become tables that conversions can select from.
  // sources: {
  //   crm_deals: {
  //     csv: 'crm/deals.csv',
  //     columns: { deal_id: 'STRING', email: 'STRING', created_at: 'TIMESTAMP', closed_at: 'DATE', amount: 'FLOAT64', currency: 'STRING' },
  //     key: ['deal_id'],
  //     identity: { email: 'email' },
  //     seen: 'created_at',
  //   },
  // },

  // Ad costs by day and campaign give ROAS and CPA.
  // costs: [{ csv: 'costs/google_ads.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }],
});
`;
}

function deployed({ project, dataset, location, path, site }: DeploymentSettings): string {
  return `  // Every query that would scan more than maximumBytesBilled is refused before it costs anything.
  warehouse: {
    type: 'bigquery',
    project: ${quote(project)},
    dataset: ${quote(dataset)},
    location: ${quote(location)},
    maximumBytesBilled: 100_000_000_000,
  },
  edge: { path: ${quote(path)}, url: ${quote(site.origin + path)} },

`;
}

/** `www.` is the usual name of the site itself; the other names of the domain are its own, too. */
function ownDomain(site: URL): string {
  return site.hostname.replace(/^www\./, '');
}

/** A conversion that works without a CRM: a form was sent. */
export function leadTemplate(): string {
  return `-- A lead: a form on the website was sent.
--
-- One row per conversion. id and created are required; client_id, user_id, email or email_hash says who it was;
-- value and currency are optional, and so is attribution_time, where the way to the conversion ends (default: created).
select
  message_id as id,
  occurred_at as created,
  anonymous_id as client_id
from events
where type = 'track'
  and event = 'Form Submitted'
  and not is_bot
  and occurred_at >= @from
  and occurred_at < @to
`;
}

/** What to do after `init`, with the files it wrote and the write key it made. */
export function nextSteps(written: readonly string[], writeKey: string): string {
  const files = written.map((name) => `  wrote ${name}\n`).join('');
  return `${files}
1. Start receiving events:
     npx touchtrail up
2. Put the tracker on your website, into the <head> of every page (it stands in snippet.html, too):
     ${scriptTag('http://127.0.0.1:8787', writeKey)}
   Or try it without a website: this line is a visit from a newsletter.
     ${sampleVisit(writeKey)}
3. Visit the site, send a form, then run the pipeline (\`up\` does so every night at 03:00, project time; \`nightly\` in the config):
     npx touchtrail run
4. See which channel brought the lead:
     npx touchtrail report
`;
}

/** The one line that a website needs. @param edge where the edge answers, without a slash at the end. */
export function scriptTag(edge: string, writeKey: string): string {
  return `<script async src="${edge}/t.js" data-write-key="${writeKey}"></script>`;
}

/** The line for the `<head>` of every page, with what is worth knowing beside it. */
export function snippetTemplate(edge: string, writeKey: string): string {
  return `<!-- Into the <head> of every page. Forms get a hidden field anonymous_id; ask for consent first where you must: data-consent="pending". -->
${scriptTag(edge, writeKey)}
`;
}

/** One page event, as a tracker of the site would send it. A browser's name, so that it does not count as a bot's. */
function sampleVisit(writeKey: string): string {
  const event = {
    anonymousId: 'first-visitor',
    writeKey,
    context: { page: { url: 'https://www.example.com/?utm_source=newsletter&utm_medium=email' } },
  };
  return `curl http://127.0.0.1:8787/v1/page -A "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" -H "content-type: application/json" -d '${JSON.stringify(event)}'`;
}

/** A TypeScript string literal. */
function quote(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll(/[\n\r\u2028\u2029]/g, ' ');
  return `'${escaped}'`;
}
