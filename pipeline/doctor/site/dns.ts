import { resolve4, resolve6, resolveCname } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { HostAddress } from './route.ts';

/** Records that a name does not have, or no answer in this family. */
const NOTHING = new Set(['ENODATA', 'ENOTFOUND', 'ESERVFAIL', 'ETIMEOUT', 'ECONNREFUSED', 'EREFUSED']);
/** Longer chains are loops. */
const LONGEST_CHAIN = 10;

/** What DNS says of a host; undefined where it does not answer. */
export async function lookUp(host: string): Promise<HostAddress | undefined> {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return { addresses: [bare] };
  const [alias, v4, v6] = await Promise.all([endOfChain(host), orNothing(resolve4(host)), orNothing(resolve6(host))]);
  const addresses = [...v4, ...v6];
  return addresses.length === 0 ? undefined : { ...(alias !== undefined && { alias }), addresses };
}

async function endOfChain(host: string): Promise<string | undefined> {
  let name = host;
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    const [next] = await orNothing(resolveCname(name));
    if (next === undefined) break;
    name = next.replace(/\.$/, '').toLowerCase();
  }
  return name === host ? undefined : name;
}

async function orNothing(records: Promise<string[]>): Promise<string[]> {
  try {
    return await records;
  } catch (error) {
    if (NOTHING.has((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
