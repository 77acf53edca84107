import type { Config } from '../config/schema.ts';
import type { BigQueryApi } from '../warehouse/bigquery/api.ts';
import { columnOf, typeName } from '../warehouse/bigquery/values.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';
import { type Finding, ok, problem, unknown, wordsOf } from './finding.ts';

type BigQueryConfig = Extract<Config['warehouse'], { type: 'bigquery' }>;

/**
 * Credentials, dataset, location, permissions, and each table with its columns. Nothing is written, and nothing that costs.
 * @param connect as `connectBigQuery`: its errors say what is missing.
 */
export async function examineBigQuery(
  settings: BigQueryConfig,
  tables: readonly TableDefinition[],
  connect: (settings: BigQueryConfig) => Promise<BigQueryApi>,
): Promise<Finding[]> {
  const dataset = `${settings.project}.${settings.dataset}`;
  let api: BigQueryApi;
  try {
    api = await connect(settings);
  } catch (error) {
    return [
      problem(
        'BigQuery',
        wordsOf(error),
        'bash deploy/google-cloud.sh prepares project, dataset and accounts; docs/deploy.md goes through it',
      ),
      unknown('Tables', 'not looked at'),
    ];
  }
  return [
    ok('BigQuery', `credentials work, dataset ${dataset} is there`),
    locationOf(api, settings),
    ...(await examineTables(api, settings, tables)),
  ];
}

function locationOf({ location }: BigQueryApi, settings: BigQueryConfig): Finding {
  if (location?.toUpperCase() === settings.location.toUpperCase()) return ok('Location', location);
  return problem(
    'Location',
    `the dataset lies in ${location ?? 'an unknown place'}, but warehouse.location is ${settings.location}: no query would find it`,
    location === undefined ? 'look at the dataset in the Google Cloud console' : `set warehouse.location to '${location}' in the config`,
  );
}

async function examineTables(api: BigQueryApi, settings: BigQueryConfig, tables: readonly TableDefinition[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const missing: string[] = [];
  let present: TableDefinition | undefined;
  for (const table of tables) {
    let fields;
    try {
      fields = await api.fieldsOf(table.name);
    } catch (error) {
      return [...findings, problem('Tables', wordsOf(error), rolesFor(settings))];
    }
    if (!fields) {
      missing.push(table.name);
      continue;
    }
    present ??= table;
    for (const column of table.columns) {
      const found = fields.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
      if (!found) {
        findings.push(problem('Tables', `${table.name} has no column ${column.name}`, 'npx touchtrail run adds it'));
      } else if (typeName(columnOf(found)) !== typeName(column)) {
        findings.push(
          problem(
            'Tables',
            `${table.name}.${column.name} is ${typeName(columnOf(found))}, but must be ${typeName(column)}`,
            `another program has made this table: rename it in BigQuery (alter table … rename to …), then npx touchtrail run`,
          ),
        );
      }
    }
  }
  if (missing.length > 0) {
    findings.push(problem('Tables', `not there yet: ${missing.join(', ')}`, 'npx touchtrail run creates them; do it before events arrive'));
  }
  if (findings.length === 0) findings.push(ok('Tables', `${tables.length} tables with their columns`));
  return [...findings, present ? await mayWrite(api, settings, present) : unknown('Permissions', 'not looked at: there is no table')];
}

/** BigQuery checks permissions in a dry run, too: nothing runs, and nothing is billed. */
async function mayWrite(api: BigQueryApi, settings: BigQueryConfig, { name }: TableDefinition): Promise<Finding> {
  const table = `\`${settings.project}.${settings.dataset}.${name}\``;
  const job = { queryParameters: [], labels: { touchtrail: 'doctor' } };
  try {
    await api.dryRun({ ...job, query: `select * from ${table} where false` });
    await api.dryRun({ ...job, query: `insert into ${table} select * from ${table} where false` });
    return ok('Permissions', 'the credentials may query and write');
  } catch (error) {
    return problem('Permissions', wordsOf(error), rolesFor(settings));
  }
}

function rolesFor({ project, dataset }: BigQueryConfig): string {
  return `give the account BigQuery Job User on the project ${project} and BigQuery Data Editor on the dataset ${dataset}: bash deploy/google-cloud.sh`;
}
