import { listKeys } from '../embedded/keys.ts';
import { NIGHT_TABLES } from '../night/tables.ts';
import { projectTables } from '../sources/project-tables.ts';
import { type BigQueryApi, connectBigQuery } from '../warehouse/bigquery/api.ts';
import { BigQueryWarehouse } from '../warehouse/bigquery/bigquery.ts';
import { examineAccounts } from './accounts.ts';
import { examineActivity } from './activity.ts';
import { examineBigQuery } from './bigquery.ts';
import { examineDeployment, examineEdge, examineKeys } from './edge.ts';
import { examineDuckDb, examineUp } from './embedded.ts';
import { type Finding, note, problem, unknown, wordsOf } from './finding.ts';
import { examineConfig, examineConversions, examineDataFolder, examineNode, examineWrangler } from './project.ts';

export interface DoctorOptions {
  readonly configFile: string | undefined;
  readonly dataFolder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly nodeVersion: string;
  readonly now: Date;
  /** Default: Google's client library. */
  readonly connect?: typeof connectBigQuery;
}

/** Looks at everything a project consists of, from the machine to the last event; stops nowhere. */
export async function examineProject(options: DoctorOptions): Promise<Finding[]> {
  const { dataFolder, environment, now } = options;
  const { finding, loaded } = await examineConfig(options.configFile);
  const machine = [examineNode(options.nodeVersion), finding, examineDataFolder(dataFolder)];
  if (!loaded) return [...machine, unknown('Warehouse and edge', 'not looked at: the config says where they are')];
  const { config, configFolder } = loaded;
  const { warehouse } = config;
  machine.push(...examineConversions(loaded));
  if (warehouse.type === 'duckdb') {
    const stored = await examineDuckDb(warehouse, dataFolder, now);
    const isReadable = stored.some(({ subject, status }) => subject === 'Warehouse' && status === 'ok');
    return [
      ...machine,
      await embeddedKeys(dataFolder),
      ...(await examineUp(dataFolder, config.edge)),
      ...stored,
      ...(isReadable ? [await examineAccounts(config, dataFolder, now)] : []),
    ];
  }
  const edge =
    config.edge.url === undefined
      ? [
          note(
            'Edge',
            'none is deployed: the config names no edge.url',
            "edge: { url: 'https://www.example.com/t' } in the config, once it is",
          ),
        ]
      : [...(await examineEdge(config.edge.url, config.edge.script)), ...(await examineDeployment(config.edge, warehouse, environment))];
  let connected: BigQueryApi | undefined;
  const connect = async (settings: typeof warehouse) => (connected = await (options.connect ?? connectBigQuery)(settings));
  const tables = [...new Set([...projectTables(config), ...NIGHT_TABLES])];
  const stored = await examineBigQuery(warehouse, tables, connect);
  const isUsable = connected !== undefined && stored.every(({ status }) => status === 'ok');
  const activity = isUsable
    ? await activityOf(new BigQueryWarehouse(warehouse, connected!), now)
    : [unknown('Last run and events', 'not looked at')];
  return [...machine, ...examineWrangler(configFolder), ...edge, ...stored, ...activity];
}

async function embeddedKeys(dataFolder: string): Promise<Finding> {
  try {
    return examineKeys(await listKeys(dataFolder));
  } catch (error) {
    return problem('Write keys', wordsOf(error), 'restore keys.json, or move it away and create new keys');
  }
}

async function activityOf(warehouse: BigQueryWarehouse, now: Date): Promise<Finding[]> {
  try {
    return await examineActivity(warehouse, now);
  } catch (error) {
    return [problem('Last run and events', wordsOf(error), 'npx touchtrail run')];
  } finally {
    await warehouse.close();
  }
}
