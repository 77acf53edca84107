import { type Command, InvalidArgumentError } from 'commander';
import { mcpContext } from '../mcp-context.ts';
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
      '\nExample:\n  $ touchtrail dashboard --port 8788 --data ./data\n\nPrints "ready http://127.0.0.1:8788" once it answers. Ctrl-C ends it.\n',
    )
    .action(async (options: { port: number; host: string }, command: Command) => {
      const given = globalOptions(command);
      // Loaded here: no other command needs them.
      const { serveDashboard } = await import('../../dashboard/serve.ts');
      const { isSame } = await import('../../dashboard/security.ts');
      const { createMcpEndpoint } = await import('../../mcp/http.ts');
      const token = process.env['TOUCHTRAIL_DASHBOARD_TOKEN'] || undefined;
      const log = (line: string) => {
        if (!given.quiet) process.stderr.write(`${line}\n`);
      };
      const server = await serveDashboard({
        dataFolder: given.dataFolder,
        host: options.host,
        port: options.port,
        token,
        log,
        mcp: (reader) => createMcpEndpoint(mcpContext(given, reader, log), token === undefined ? undefined : (one) => isSame(one, token)),
      });
      process.stdout.write(`ready ${server.url}\n`);
      try {
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
