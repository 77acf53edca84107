import { link, mkdir, readFile, unlink } from 'node:fs/promises';
import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../config/user-error.ts';
import { writeAtomically } from './durable.ts';

const Secrets = z.object({
  /** With which addresses of visitors are hashed. As long as it stays the same, so do the hashes. */
  ip_hash_key: z.object({ id: z.string().min(1), key: z.string().min(32) }),
  /** With which whoever passes requests on to the edge signs the visitor's address: the front, and the site's own server. */
  proxy_secret: z.string().min(32),
});
/** What `secrets.json` holds. */
export type Secrets = z.infer<typeof Secrets>;
/** As it was written before the edge had a front. */
const SecretsWithoutProxy = z.looseObject({ ...Secrets.shape, proxy_secret: z.undefined().optional() });

/**
 * The secrets of a data folder; made on first use, and then never changed: a new key would make strangers of all visitors. One that
 * an older file lacks is added.
 * @throws UserError where the file is damaged.
 */
export async function loadSecrets(dataFolder: string): Promise<Secrets> {
  const file = join(dataFolder, 'secrets.json');
  return (await readSecrets(file)) ?? (await makeSecrets(dataFolder, file));
}

async function readSecrets(file: string): Promise<Secrets | undefined> {
  try {
    const read: unknown = JSON.parse(await readFile(file, 'utf8'));
    const old = SecretsWithoutProxy.safeParse(read);
    return Secrets.parse(old.success ? await complete(file, old.data) : read);
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

/** Made from the other secret, so that two processes that complete the file at once write the same. */
async function complete(file: string, old: z.infer<typeof SecretsWithoutProxy>): Promise<unknown> {
  const proxySecret = createHmac('sha256', old.ip_hash_key.key).update('proxy_secret').digest('hex');
  const completed = { ...old, proxy_secret: proxySecret };
  await writeAtomically(file, `${JSON.stringify(completed, null, 2)}\n`, 0o600);
  return completed;
}

async function makeSecrets(dataFolder: string, file: string): Promise<Secrets> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const made: Secrets = {
    ip_hash_key: { id: `ip_${randomBytes(4).toString('hex')}`, key: randomBytes(32).toString('hex') },
    proxy_secret: randomBytes(32).toString('hex'),
  };
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
