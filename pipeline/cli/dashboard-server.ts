import type { DashboardServer, DashboardServerOptions } from '../dashboard/serve.ts';
import { mcpContext } from './mcp-context.ts';
import type { GlobalOptions } from './options.ts';

/** Where the dashboard listens and is reached; the token is that of the environment. */
export type DashboardPlace = Pick<DashboardServerOptions, 'host' | 'port' | 'publicUrl'>;

/**
 * The dashboard and, at /mcp, the Model Context Protocol, as `touchtrail dashboard` and `touchtrail up` serve them.
 * @throws UserError as serveDashboard does.
 */
export async function startDashboard(
  place: DashboardPlace,
  given: Pick<GlobalOptions, 'dataFolder' | 'configFile'>,
  log: (line: string) => void,
): Promise<DashboardServer> {
  // Loaded here: no other command needs them.
  const { serveDashboard } = await import('../dashboard/serve.ts');
  const token = process.env['TOUCHTRAIL_DASHBOARD_TOKEN'] || undefined;
  return serveDashboard({
    ...place,
    dataFolder: given.dataFolder,
    token,
    log,
    mcp: async (reader) => {
      const { isSame } = await import('../dashboard/security.ts');
      const { createMcpEndpoint } = await import('../mcp/http.ts');
      return createMcpEndpoint(mcpContext(given, reader, log), token === undefined ? undefined : (one) => isSame(one, token));
    },
  });
}
