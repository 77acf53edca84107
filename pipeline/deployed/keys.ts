import { faultOfKey, type StoredKey } from '../../edge/contract/write-key.ts';
import { UserError } from '../config/user-error.ts';
import { changeKey, type KeyChanges, makeKey, revokedKey, type WantedKey } from '../config/write-keys.ts';
import { askEdge, type DeployedEdge } from './admin.ts';

const PATH = '/internal/keys';

/**
 * The write keys of a deployed edge, revoked ones included, oldest first.
 * @throws UserError where the edge cannot be asked.
 */
export async function listDeployedKeys(edge: DeployedEdge): Promise<StoredKey[]> {
  const keys = (await askEdge<{ keys?: unknown } | undefined>(edge, PATH))?.keys;
  if (!Array.isArray(keys) || keys.some((key) => faultOfKey(key) !== undefined)) {
    throw new UserError(`${edge.url}${PATH} did not answer with write keys as expected: is it of another version?`);
  }
  return keys as StoredKey[];
}

/**
 * Creates a write key. Of a server key only the hash leaves this machine: the returned key is shown once and cannot be had again.
 * @throws UserError where it is malformed or exists, a rule does not fit, or the edge cannot be asked.
 */
export async function createDeployedKey(edge: DeployedEdge, wanted: WantedKey): Promise<{ record: StoredKey; key: string }> {
  const made = makeKey(await listDeployedKeys(edge), wanted);
  await askEdge(edge, PATH, { method: 'PUT', body: made.record });
  return made;
}

/** Changes what a key may. @throws UserError as {@link createDeployedKey}, or where there is no such key. */
export async function updateDeployedKey(edge: DeployedEdge, idOrName: string, changes: KeyChanges): Promise<StoredKey> {
  const changed = changeKey(await listDeployedKeys(edge), idOrName, changes);
  await askEdge(edge, PATH, { method: 'PUT', body: changed });
  return changed;
}

/** Revokes a key. @throws UserError where there is no such key, or the edge cannot be asked. */
export async function revokeDeployedKey(edge: DeployedEdge, idOrName: string): Promise<StoredKey> {
  const { id } = revokedKey(await listDeployedKeys(edge), idOrName);
  return await askEdge<StoredKey>(edge, `${PATH}/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
