import type { ErasedHeld, ErasedIds } from '../../edge/contract/erased-lines.ts';
import type { Config } from '../config/schema.ts';
import { UserError } from '../config/user-error.ts';
import { askEdge, deployedEdge } from '../deployed/admin.ts';
import { type ErasedRow, rememberedRow } from './landed-lines.ts';

/** Name of the place in receipts. */
export const EDGE_ARCHIVE = 'edge archive';

const PREFIXES = ['spill', 'dead', 'invalid'] as const;

/** What became of what the deployed edge holds. */
export interface HeldOutcome {
  /** Rows and objects that were deleted. */
  readonly deleted: number;
  /** Why it could not be looked at; undefined where all of it was. */
  readonly reason?: string;
}

/**
 * Takes persons out of the archive of the deployed edge. An edge that does not answer stops no night: the next one asks again.
 * @param record is told the rows, for the accounts.
 * @returns undefined where the config names no edge.
 */
export async function eraseHeld(
  { edge: { url } }: Pick<Config, 'edge'>,
  ids: ErasedIds,
  record: (rows: readonly ErasedRow[]) => Promise<void>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<HeldOutcome | undefined> {
  if (url === undefined) return undefined;
  let deleted = 0;
  try {
    const edge = deployedEdge(url, environment);
    for (const prefix of PREFIXES) {
      let cursor: string | undefined;
      do {
        const body = { prefix, ids, ...(cursor !== undefined && { cursor }) };
        const page: ErasedHeld = await askEdge<ErasedHeld>(edge, '/internal/erase', { method: 'POST', body });
        await record(page.erased.map(rememberedRow));
        deleted += prefix === 'invalid' ? page.objects : page.erased.length;
        if (page.unreadable.length > 0)
          return { deleted, reason: `objects that cannot be read: ${page.unreadable.slice(0, 3).join(', ')}` };
        ({ cursor } = page);
      } while (cursor !== undefined);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { deleted, reason: error.message };
  }
  return { deleted };
}
