import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { StoredKey } from '../../../edge/contract/write-key.ts';
import { DEFAULT_NAMES, loadConfig } from '../../config/load.ts';
import type { KeyChanges, WantedKey } from '../../config/write-keys.ts';
import { type DeployedEdge, deployedEdge } from '../../deployed/admin.ts';
import { createDeployedKey, listDeployedKeys, revokeDeployedKey, updateDeployedKey } from '../../deployed/keys.ts';
import { callControl } from '../../embedded/control.ts';
import { createKey, listKeys, revokeKey, updateKey } from '../../embedded/keys.ts';
import { UserError } from '../../config/user-error.ts';
import { globalOptions, newFolderNotice } from '../options.ts';
import { writeNotice } from './output.ts';

/** The write keys of a project, wherever they are kept. */
export interface KeyRegister {
  list(): Promise<StoredKey[]>;
  create(wanted: WantedKey): Promise<{ record: StoredKey; key: string }>;
  /** By id, or by name where it is unique. */
  update(idOrName: string, changes: KeyChanges): Promise<StoredKey>;
  revoke(idOrName: string): Promise<StoredKey>;
  /** When a change takes effect, where that is not at once. */
  readonly delay?: string;
}

/**
 * The keys that a command is about: those of the deployed edge with `--edge`, or where the config names one and the warehouse is
 * BigQuery; else those of the data folder.
 * @throws UserError where the config is wrong, or the deployed edge or its token is not known.
 */
export async function keyRegister(command: Command): Promise<KeyRegister> {
  const { dataFolder, configFile } = globalOptions(command);
  const { edge } = command.opts<{ edge?: boolean }>();
  const isConfigured = configFile !== undefined || DEFAULT_NAMES.some((name) => existsSync(name));
  if (edge === false || (edge === undefined && !isConfigured)) return embeddedRegister(dataFolder);
  // Keys need no CSV and SQL files.
  const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
  const isDeployed = edge ?? (config.edge.url !== undefined && config.warehouse.type === 'bigquery');
  return isDeployed ? deployedRegister(deployedEdge(config.edge.url)) : embeddedRegister(dataFolder);
}

/** Keys of a data folder; a running `up` learns of each change before the command ends. */
function embeddedRegister(dataFolder: string): KeyRegister {
  const told = async <Result>(change: Promise<Result>): Promise<Result> => {
    const result = await change;
    await callControl(dataFolder, { command: 'reload-keys' });
    return result;
  };
  // A key to change lies in a folder that is there: a mistyped --data must not make one.
  const existing = (): void => {
    if (!existsSync(dataFolder)) {
      throw new UserError(`there is no data folder ${dataFolder}: name the right one with --data`, { exitCode: 2 });
    }
  };
  return {
    list: () => listKeys(dataFolder),
    create: async (wanted) => {
      const isNew = !existsSync(dataFolder);
      const made = await told(createKey(dataFolder, wanted));
      if (isNew) writeNotice(newFolderNotice(dataFolder));
      return made;
    },
    update: async (id, changes) => {
      existing();
      return await told(updateKey(dataFolder, id, changes));
    },
    revoke: async (id) => {
      existing();
      return await told(revokeKey(dataFolder, id));
    },
  };
}

function deployedRegister(edge: DeployedEdge): KeyRegister {
  return {
    list: () => listDeployedKeys(edge),
    create: (wanted) => createDeployedKey(edge, wanted),
    update: (id, changes) => updateDeployedKey(edge, id, changes),
    revoke: (id) => revokeDeployedKey(edge, id),
    delay: 'all locations of the edge know of it within two minutes',
  };
}
