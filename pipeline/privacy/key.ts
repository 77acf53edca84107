import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Config } from '../config/schema.ts';
import { UserError } from '../config/user-error.ts';
import { loadSecrets } from '../embedded/secrets.ts';
import { BUCKET_DIGITS } from '../models/erasures/candidates.ts';
import type { ErasedIds } from '../models/erasures/predicates.ts';
import type { ErasedKind } from '../models/erasures/tables.ts';

/** Environment variable with the key of the tombstones: for warehouses that more than one machine writes to. */
export const KEY_VARIABLE = 'TOUCHTRAIL_ERASURE_KEY';
const FEWEST_CHARACTERS = 32;

const SealedIds = z.strictObject({ anonymous_id: z.array(z.string()), user_id: z.array(z.string()), email_hash: z.array(z.string()) });

/** What tombstones are made with: without it nobody can tell whose they are. */
export interface ErasureKey {
  /** Names the key and gives nothing of it away. */
  readonly id: string;
  /** HMAC-SHA256 of the kind and the identifier, hex. */
  hash(kind: ErasedKind, value: string): string;
  /** Encrypts identifiers that are still needed to finish an erasure (AES-256-GCM). */
  seal(ids: ErasedIds): string;
  /** @throws UserError where the text was not made by {@link seal} with this key. */
  open(sealed: string): ErasedIds;
}

/**
 * The project's key: {@link KEY_VARIABLE}, else one derived from the secrets of the data folder.
 * @throws UserError (exit code 2) for BigQuery without the variable: each machine that runs the night would make up its own.
 */
export async function loadErasureKey(
  warehouse: Config['warehouse'],
  dataFolder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ErasureKey> {
  const given = environment[KEY_VARIABLE];
  if (given !== undefined && given !== '') {
    if (given.length < FEWEST_CHARACTERS) {
      throw new UserError(
        `${KEY_VARIABLE} has ${given.length} characters; expected at least ${FEWEST_CHARACTERS}, such as those of "openssl rand -hex 32"`,
        {
          exitCode: 2,
        },
      );
    }
    return erasureKey(given);
  }
  if (warehouse.type !== 'duckdb') {
    throw new UserError(
      `the environment variable ${KEY_VARIABLE} is not set: erased identifiers are kept as hashes under this key, and without it they would be stored again. ` +
        'Make one with "openssl rand -hex 32", keep it with the other secrets, and set it wherever touchtrail erase and touchtrail run are started',
      { exitCode: 2 },
    );
  }
  return erasureKey((await loadSecrets(dataFolder)).ip_hash_key.key);
}

/** The key that a secret gives; each use has its own (HMAC with the name of the use). */
export function erasureKey(secret: string): ErasureKey {
  const derived = (use: string): Buffer => createHmac('sha256', secret).update(`touchtrail erasure ${use}`).digest();
  const tombstoneKey = derived('tombstones');
  const sealKey = derived('sealed identifiers');
  const id = derived('name').toString('hex').slice(0, 8);
  return {
    id,
    hash: (kind, value) => createHmac('sha256', tombstoneKey).update(`${kind}:${value}`).digest('hex'),
    seal(ids) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce);
      const text = Buffer.concat([cipher.update(JSON.stringify(ids), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
    },
    open(sealed) {
      try {
        const bytes = Buffer.from(sealed, 'base64');
        const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, 12));
        decipher.setAuthTag(bytes.subarray(12, 28));
        const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
        return SealedIds.parse(JSON.parse(text));
      } catch (cause) {
        throw new UserError('the identifiers of an erasure cannot be read: they were sealed with another key, or the row is damaged', {
          cause,
        });
      }
    },
  };
}

/** The bucket of an identifier, as the tombstones' table holds it: of plain SHA-256, so that SQL can compute it. */
export const bucketOf = (kind: ErasedKind, value: string): string =>
  createHash('sha256').update(`${kind}:${value}`).digest('hex').slice(0, BUCKET_DIGITS);
