import { UserError } from '../../config/user-error.ts';

/** What a project is called and counts in. */
export interface ProjectSettings {
  readonly name: string;
  /** IANA zone. */
  readonly timeZone: string;
  /** ISO 4217 code. */
  readonly currency: string;
}

/** Where a project runs in production. */
export interface DeploymentSettings {
  /** Id of the project in Google Cloud. */
  readonly project: string;
  readonly dataset: string;
  /** Of the dataset: `EU`, `US` or a region. */
  readonly location: string;
  /** The website; only its origin counts. */
  readonly site: URL;
  /** Path of the website's own host that is routed to the Worker, such as `/t`. */
  readonly path: string;
}

/** Lower-case letters, digits and hyphens, 6 to 30 of them; older ones belong to a domain: `example.com:project`. */
const PROJECT_ID = /^(?:[a-z\d.-]+:)?[a-z][a-z\d-]{4,28}[a-z\d]$/;
/** Multi-regions and regions: https://docs.cloud.google.com/bigquery/docs/locations */
const LOCATION = /^(?:EU|US|[a-z]+-[a-z]+\d{1,2})$/;

/**
 * Checks what the command line says about the production.
 * @throws UserError (exit code 2) naming the option and what was expected.
 */
export function deploymentSettings(options: {
  readonly gcpProject?: string;
  readonly dataset: string;
  readonly location: string;
  readonly site?: string;
  readonly path: string;
}): DeploymentSettings {
  const { gcpProject, dataset, location, site, path } = options;
  if (gcpProject === undefined || !PROJECT_ID.test(gcpProject))
    throw wrong('--gcp-project', gcpProject, 'the id of a Google Cloud project');
  if (!/^\w{1,1024}$/.test(dataset)) throw wrong('--dataset', dataset, 'letters, digits and underscores');
  if (!LOCATION.test(location)) throw wrong('--location', location, '"EU", "US" or a region such as "europe-west3"');
  const url = URL.parse(site ?? '');
  if (url?.protocol !== 'https:') throw wrong('--site', site, 'the address of your website, such as "https://www.example.com"');
  // What follows goes into a route of Cloudflare's, which would be all of the site.
  if (path === '' || path === '/') throw wrong('--path', path, 'a path such as "/t": the Worker must not take the whole site');
  return { project: gcpProject, dataset, location, site: url, path };
}

/** What the command line says about the website of a project on this machine. */
export interface LocalSettings {
  readonly site?: URL;
  /** Path of the website's own host that will lead to the edge, such as `/t`. */
  readonly path?: string;
}

/**
 * Checks the same for a project on this machine.
 * @param given names of the options that stood on the command line.
 * @throws UserError (exit code 2) where one of them is for BigQuery alone, or the site is none.
 */
export function localSettings(options: { readonly site?: string; readonly path: string }, given: ReadonlySet<string>): LocalSettings {
  for (const [name, option] of Object.entries(BIGQUERY_OPTIONS)) {
    if (given.has(name)) throw new UserError(`${option} is for BigQuery: add --warehouse bigquery, or leave it out`, { exitCode: 2 });
  }
  const { site, path } = options;
  const url = site === undefined ? undefined : URL.parse(site);
  if (url !== undefined && !/^https?:$/.test(url?.protocol ?? '')) {
    throw wrong('--site', site, 'the address of your website, such as "https://www.example.com"');
  }
  return { ...(url && { site: url }), ...(given.has('path') && { path }) };
}

const BIGQUERY_OPTIONS = { gcpProject: '--gcp-project', dataset: '--dataset', location: '--location' };

function wrong(option: string, value: string | undefined, expected: string): UserError {
  return new UserError(`${option}${value === undefined ? ' is missing' : ` ${JSON.stringify(value)}`}: expected ${expected}`, {
    exitCode: 2,
  });
}
