import type { Command } from 'commander';
import type { PutBack } from '../../../edge/contract/held.ts';
import { loadConfig } from '../../config/load.ts';
import { UserError } from '../../config/user-error.ts';
import { askEdge, type DeployedEdge, deployedEdge } from '../../deployed/admin.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { writeResult } from './output.ts';

interface ReplayOptions {
  readonly dryRun?: boolean;
  readonly spill?: boolean;
}

/** What was put back, of all calls. */
type Replayed = Omit<PutBack, 'cursor'>;

/** Objects of one call: it has to end within the time that the edge is waited for. */
const OBJECTS_AT_ONCE = 200;
/** Counting reads no bodies. */
const COUNTED_AT_ONCE = 1_000;

const NOTES = `
Deliveries that the warehouse did not take are archived after many attempts. Once the cause is mended (touchtrail doctor), this puts
them back; what has arrived in the meantime is not counted twice. What could not be queued (--spill) goes back by itself every few
minutes.

Examples:
  $ touchtrail replay --dry-run
  $ touchtrail replay
`;

/** `touchtrail replay`: puts what the deployed edge has archived back into its queue. */
export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('Put deliveries that were given up back into the queue of the deployed edge.')
    .option('--dry-run', 'only count them')
    .option('--spill', 'those that could not be queued, instead')
    .addHelpText('after', NOTES)
    .action(async ({ dryRun = false, spill = false }: ReplayOptions, command: Command) => {
      const { configFile, json } = globalOptions(command);
      // The files of the CRM and of the costs have no part in this.
      const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
      const prefix = spill ? 'spill' : 'dead';
      const replayed = await replay(deployedEdge(config.edge.url), prefix, dryRun);
      writeResult(json ? toJson(replayed) : `${sentence(replayed, dryRun)}\n`);
      refuseToHide(replayed);
    });
}

async function replay(edge: DeployedEdge, prefix: 'dead' | 'spill', dryRun: boolean): Promise<Replayed> {
  let total: Replayed = { objects: 0, rows: 0, bytes: 0, unreadable: [], waiting: [] };
  let cursor: string | undefined;
  do {
    const body = { prefix, dryRun, limit: dryRun ? COUNTED_AT_ONCE : OBJECTS_AT_ONCE, cursor };
    let page: PutBack;
    try {
      page = await askEdge<PutBack>(edge, '/internal/replay', { method: 'POST', body });
    } catch (cause) {
      if (!(cause instanceof UserError) || total.objects === 0) throw cause;
      throw new UserError(`${cause.message}\nuntil then: ${sentence(total, dryRun)}; the rest is still held`, { cause });
    }
    total = {
      objects: total.objects + page.objects,
      rows: total.rows + page.rows,
      bytes: total.bytes + page.bytes,
      unreadable: [...total.unreadable, ...page.unreadable],
      waiting: [...total.waiting, ...page.waiting],
    };
    ({ cursor } = page);
  } while (cursor !== undefined);
  return total;
}

function sentence({ objects, rows }: Replayed, dryRun: boolean): string {
  if (objects === 0) return dryRun ? 'nothing to put back' : 'nothing was put back';
  const what = `${objects} ${objects === 1 ? 'delivery' : 'deliveries'} with ${rows} ${rows === 1 ? 'event' : 'events'}`;
  return dryRun ? `${what} would be put back into the queue` : `${what} ${objects === 1 ? 'was' : 'were'} put back into the queue`;
}

/** @throws UserError naming the objects that stay where they are. */
function refuseToHide({ unreadable, waiting }: Replayed): void {
  const lines = [
    ...unreadable.map((key) => `  ${key}: cannot be read; look at it with "wrangler r2 object get", and delete it or mend it`),
    ...waiting.map((key) => `  ${key}: too large for the queue, and the warehouse did not take it just now; replay it later`),
  ];
  if (lines.length > 0) throw new UserError(`not put back, and still held:\n${lines.join('\n')}`);
}
