import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { UserError } from '../../config/user-error.ts';
import type { Config } from '../../config/schema.ts';
import type { DashboardPlace } from '../dashboard-server.ts';
import { globalOptions } from '../options.ts';
import { stopRequested } from '../up/signals.ts';

/** `touchtrail up`: the edge, the nightly run, and the dashboard. */
export function registerUp(program: Command): void {
  program
    .command('up')
    .description('Receive events, run the pipeline every night, and show the dashboard.')
    .option('--port <port>', 'port to listen on; 0: any free one', port, 8787)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--dashboard-port <port>', 'port of the dashboard, on this machine only (default: the one after --port)', port)
    .option('--no-dashboard', 'no dashboard')
    .addHelpText(
      'after',
      '\nExample:\n  $ touchtrail up --port 8787 --data ./data\n\nPrints "ready http://127.0.0.1:8787" once it accepts events, and on stderr where the dashboard is. Ctrl-C ends it.\n',
    )
    .action(async (options: UpOptions, command: Command) => {
      const { dataFolder, configFile, quiet } = globalOptions(command);
      // An export may be in the middle of being replaced, and events are not received again: only a run needs the files.
      const loaded = await loadConfig(configFile, {
        onMissingFile: (message) => process.stderr.write(`warning: ${message}; a run fails until it is there\n`),
      });
      if (loaded.config.warehouse.type === 'bigquery') {
        throw new UserError(
          `${loaded.file}: the warehouse is BigQuery, and nothing would bring what "touchtrail up" receives there: ` +
            `deploy the edge (docs/deploy.md), or set warehouse: { type: 'duckdb' }`,
          { exitCode: 2 },
        );
      }
      // Loaded here: the runtime takes a while, and no other command needs it.
      const { serve } = await import('../up/serve.ts');
      const log = (line: string): void => {
        if (!quiet) process.stderr.write(`${line}\n`);
      };
      const server = await serve({
        loaded,
        dataFolder,
        host: options.host,
        port: options.port,
        dashboard: dashboardOf(options, loaded.config),
        log,
      });
      process.stdout.write(`ready ${server.url}\n`);
      try {
        await Promise.race([stopRequested(), server.failed]);
        log('stopping …');
      } finally {
        await server.stop();
      }
    });
}

interface UpOptions {
  readonly port: number;
  readonly host: string;
  readonly dashboardPort?: number;
  /** False for `--no-dashboard`. */
  readonly dashboard: boolean;
}

/** Where the dashboard listens: as the command line says, else the config; undefined: there is none. */
function dashboardOf({ port: edgePort, dashboardPort, dashboard }: UpOptions, config: Config): DashboardPlace | undefined {
  const set = config.dashboard;
  if (!dashboard || (set === false && dashboardPort === undefined)) return undefined;
  const { port: configured, ...place } = set === false ? { host: '127.0.0.1' } : set;
  // The next one after the last port is none.
  return { ...place, port: dashboardPort ?? configured ?? (edgePort === 0 ? 0 : Math.min(edgePort + 1, 65_535)) };
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('expected a number from 0 to 65535');
  return Number(text);
}
