import type { StoredKey } from '../../../edge/contract/write-key.ts';
import { wordsOf } from '../../doctor/finding.ts';
import { deployedEdge } from '../../deployed/admin.ts';
import { listDeployedKeys } from '../../deployed/keys.ts';
import { unknownName } from '../../query/names.ts';
import { usage } from './period.ts';

/** The write keys by whose names events are chosen and shown. */
export interface KnownKeys {
  readonly keys: readonly Pick<StoredKey, 'id' | 'name'>[];
  /** Why these are not all: the deployed edge could not be asked. */
  readonly silence?: string;
}

/** The keys of the deployed edge, where it can be asked; events can be shown without. */
export async function deployedKeys(url: string | undefined, environment: NodeJS.ProcessEnv = process.env): Promise<KnownKeys> {
  try {
    return { keys: await listDeployedKeys(deployedEdge(url, environment)) };
  } catch (error) {
    return { keys: [], silence: wordsOf(error) };
  }
}

/**
 * The ids of the keys that `--key` means, by name or id.
 * @throws UserError (exit code 2) where there is no such key, or where names are not known.
 */
export function idsOf(given: string, { keys, silence }: KnownKeys): string[] {
  const found = keys.filter(({ id, name }) => id === given || name === given).map(({ id }) => id);
  if (found.length > 0) return found;
  if (silence === undefined) {
    const known = keys.flatMap(({ id, name }) => [name, id]);
    throw usage(`--key: ${unknownName('write key', given, known)}`);
  }
  if (/^wk_\w+$/.test(given)) return [given];
  throw usage(`--key ${given}: only the deployed edge knows the names of its keys; give the id, wk_…, or mend this: ${silence}`);
}
