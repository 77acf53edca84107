import type { Config } from '../../../config/schema.ts';

/** What a query of BigQuery was refused for, by its words (cloud.google.com/bigquery/docs/error-messages), and what to do. */
const REFUSALS: readonly (readonly [RegExp, (match: readonly (string | undefined)[], where: Where) => string])[] = [
  [
    /Access Denied: (?:Project|Dataset|Table|View|BigQuery)?[ :]*([\w.:-]*)(?:.*does not exist in location ([\w-]+))?/is,
    ([, words = '', location], { account, project }) => {
      const named = words.replace(/:$/, '');
      const elsewhere = location === undefined ? '' : `. Data that lies in another location than ${location} cannot be read at all`;
      const data = named ? `${projectOf(named, project)}, where the data lies (${named})` : 'the datasets that the query reads';
      return (
        `${account} needs two roles: BigQuery Job User on the project ${project}, where the query runs, and ` +
        `BigQuery Data Viewer on ${data}${elsewhere}`
      );
    },
  ],
  [
    /Not found: (?:Dataset|Table|View) ([\w.:-]+) was not found in location ([\w-]+)/i,
    ([, named, location], { dataset }) =>
      `the query runs in ${location}, where ${dataset} lies, and reads what lies there only: ${named} does not exist, or lies in another ` +
      `location; correct the name, or copy what is needed into a dataset in ${location}`,
  ],
  [
    /Cannot query over table '?([^']+?)'? without a filter over column\(s\) (.+?) that can be used for partition elimination/i,
    ([, named, columns]) =>
      `${named} is partitioned, and is read by its partitions only: compare ${columns!.replaceAll("'", '')} itself with @from and @to in the ` +
      `WHERE of the query (a function around the column does not count)`,
  ],
];

interface Where {
  readonly account: string;
  readonly project: string;
  readonly dataset: string;
}

/**
 * What to do about a query that the engine refused; undefined where its own words say it all.
 * @param account who asks, such as `the service account x@y.iam.gserviceaccount.com`.
 */
export function remedyFor(
  error: unknown,
  { warehouse, sources }: Pick<Config, 'warehouse' | 'sources'>,
  account?: string,
): string | undefined {
  const words = error instanceof Error ? error.message : String(error);
  if (warehouse.type === 'duckdb') {
    const absent = /Table with name "?(\w+)"? does not exist/i.exec(words)?.[1];
    return absent !== undefined && Object.hasOwn(sources, absent)
      ? `${absent} is a source of the config that has not been loaded yet: touchtrail run loads it`
      : undefined;
  }
  const where = {
    account: account ?? 'the account of the credentials',
    project: warehouse.project,
    dataset: `${warehouse.project}.${warehouse.dataset}`,
  };
  for (const [pattern, remedy] of REFUSALS) {
    const match = pattern.exec(words);
    if (match) return remedy(match, where);
  }
  return undefined;
}

/** `other:crm.deals`, `other.crm.deals` and `other` are of the project `other`; `crm.deals` of the one that asks. */
function projectOf(named: string, own: string): string {
  const [project] = named.split(':');
  if (project !== named) return `the project ${project}`;
  const parts = named.split('.');
  return `the project ${parts.length === 2 ? own : parts[0]}`;
}
