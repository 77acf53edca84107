import { link, mkdir, readFile, unlink } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../config/user-error.ts';
import { writeAtomically } from './durable.ts';

const Secrets = z.object({
  /** With which addresses of visitors are hashed. As long as it stays the same, so do the hashes. */
  ip_hash_key: z.object({ id: z.string().min(1), key: z.string().min(32) }),
});
/** What `secrets.json` holds. */
export type Secrets = z.infer<typeof Secrets>;

/**
 * The secrets of a data folder; made on first use, and then never changed: a new key would make strangers of all visitors.
 * @throws UserError where the file is damaged.
 */
export async function loadSecrets(dataFolder: string): Promise<Secrets> {
  const file = join(dataFolder, 'secrets.json');
  return (await readSecrets(file)) ?? (await makeSecrets(dataFolder, file));
}

async function readSecrets(file: string): Promise<Secrets | undefined> {
  try {
    return Secrets.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(
      `${file} does not hold the secrets as expected. Restore it from a backup; without it, addresses of known visitors cannot be recognised.`,
      {
        cause,
      },
    );
  }
}

async function makeSecrets(dataFolder: string, file: string): Promise<Secrets> {
  await mkdir(dataFolder, { recursive: true });
  const made: Secrets = { ip_hash_key: { id: `ip_${randomBytes(4).toString('hex')}`, key: randomBytes(32).toString('hex') } };
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  await writeAtomically(aside, `${JSON.stringify(made, null, 2)}\n`, 0o600);
  try {
    // Unlike a rename, a link fails where another process was faster; then its secrets count.
    await link(aside, file);
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readSecrets(file))!;
  } finally {
    await unlink(aside);
  }
}
