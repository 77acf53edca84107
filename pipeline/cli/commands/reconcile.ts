import type { Command } from 'commander';
import { localDate } from '../../config/calendar.ts';
import { loadConfig } from '../../config/load.ts';
import { deployedEdge } from '../../deployed/admin.ts';
import { heldDeliveries } from '../../query/reconcile/held.ts';
import { reconcile } from '../../query/reconcile/reconcile.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { reconciliationCsv, renderReconciliation, verdict } from '../render/reconcile.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';
import { daysOf, type PeriodOptions } from './period.ts';

const EXAMPLES = `
accepted = stored + duplicate + failed + erased + quarantined + pending + missing, by day of receipt. Ends with 1 where rows are
missing, deliveries lost or gaps unexplained. With the deployed edge, TOUCHTRAIL_ADMIN_TOKEN must be set: it is asked what it holds.

Examples:
  $ touchtrail reconcile
  $ touchtrail reconcile --last 30d --csv
  $ touchtrail reconcile --from 2026-03-01 --to 2026-03-31 --json
`;

const DEFAULT_SPAN = '7d';

/** `touchtrail reconcile`: what became of every row that the edge has acknowledged. */
export function registerReconcile(program: Command): void {
  program
    .command('reconcile')
    .description('Account for every event that the edge has acknowledged, by day and write key.')
    .option('--from <date>', 'first day, YYYY-MM-DD, in the project time zone')
    .option('--to <date>', 'last day, included (default: today)')
    .option('--last <span>', `days, weeks, months or years up to --to: 30d, 8w (default: ${DEFAULT_SPAN})`)
    .option('--csv', 'the ledger as comma-separated values')
    .addHelpText('after', EXAMPLES)
    .action(async (options: PeriodOptions & { csv?: boolean }, self: Command) => {
      const { dataFolder, configFile, json } = globalOptions(self);
      // The files of the CRM and of the costs have no part in this.
      const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
      const now = new Date();
      const { timeZone } = config.project;
      const { start_date: from, end_date: to } = daysOf(options, localDate(now, timeZone), DEFAULT_SPAN);
      const isDeployed = config.warehouse.type === 'bigquery';
      const held = isDeployed ? await heldDeliveries(deployedEdge(config.edge.url)) : undefined;
      const result = await reconcile({ config: config.warehouse, dataFolder, timeZone, from, to, now, ...(held && { held }) });
      if (json) writeResult(toJson(result));
      else writeResult(options.csv ? reconciliationCsv(result) : renderReconciliation(result, screenOf()));
      if (options.csv) for (const line of verdict(result)) writeNotice(line);
      if (!result.balanced) process.exitCode = 1;
    });
}
