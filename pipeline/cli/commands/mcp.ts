import { Console } from 'node:console';
import { once } from 'node:events';
import type { Command } from 'commander';
import { mcpContext } from '../mcp-context.ts';
import { globalOptions } from '../options.ts';
import { stopRequested } from '../up/signals.ts';

const EXAMPLES = `
For a program that starts it and talks to it over stdin and stdout, such as Claude Desktop, Claude Code or Cursor; docs/mcp.md has their
configs. Over HTTP \`touchtrail dashboard\` answers at /mcp. Everything it offers only reads.

Example:
  $ touchtrail mcp --data /srv/touchtrail/data --config /srv/touchtrail/touchtrail.config.ts
`;

/** `touchtrail mcp`: the reports for assistants, by the Model Context Protocol over stdio. */
export function registerMcp(program: Command): void {
  program
    .command('mcp')
    .description('Answer the questions of an assistant over stdio, by the Model Context Protocol (read-only).')
    .addHelpText('after', EXAMPLES)
    .action(async (_: unknown, command: Command) => {
      const options = globalOptions(command);
      // Loaded here: no other command needs them.
      const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
      const { createMcpServer } = await import('../../mcp/server.ts');
      const { createReader } = await import('../../query/reader.ts');
      const log = (line: string) => {
        if (!options.quiet) process.stderr.write(`${line}\n`);
      };
      // Stdout is the protocol alone: a config that prints something must not break it.
      globalThis.console = new Console(process.stderr, process.stderr);
      const reader = createReader(options.dataFolder);
      const context = mcpContext(options, reader, log);
      const ended = Promise.race([once(process.stdin, 'end'), once(process.stdin, 'close')]);
      const connection = serveStdio(() => createMcpServer(context), { onerror: (error) => log(`mcp: ${error.message}`) });
      await Promise.race([ended, stopRequested()]);
      await connection.close();
      await reader.close();
    });
}
