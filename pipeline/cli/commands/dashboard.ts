import { type Command, InvalidArgumentError } from 'commander';
import { startDashboard } from '../dashboard-server.ts';
import { globalOptions } from '../options.ts';
import { stopRequested } from '../up/signals.ts';

/** `touchtrail dashboard`: the pages that marketers read. */
export function registerDashboard(program: Command): void {
  program
    .command('dashboard')
    .description('Show the reports in a browser.')
    .option('--port <port>', 'port to listen on; 0: any free one', port, 8788)
    .option('--host <address>', 'address to listen on; beyond this machine only with TOUCHTRAIL_DASHBOARD_TOKEN', '127.0.0.1')
    .addHelpText(
      'after',
      '\nExample:\n  $ touchtrail dashboard --port 8788 --data ./data\n\nPrints "ready http://127.0.0.1:8788" once it answers. Ctrl-C ends it. Assistants are answered at /mcp (docs/mcp.md).\n',
    )
    .option('--public-url <url>', 'where readers reach it through a proxy: no other name is answered to')
    .action(async ({ port, host, publicUrl }: { port: number; host: string; publicUrl?: string }, command: Command) => {
      const given = globalOptions(command);
      const log = (line: string) => {
        if (!given.quiet) process.stderr.write(`${line}\n`);
      };
      const server = await startDashboard({ port, host, publicUrl }, given, log);
      try {
        await server.load();
        process.stdout.write(`ready ${server.url}\n`);
        await stopRequested();
      } finally {
        await server.stop();
      }
    });
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('expected a number from 0 to 65535');
  return Number(text);
}
