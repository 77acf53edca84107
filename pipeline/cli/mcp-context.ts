import { loadConfig } from '../config/load.ts';
import type { McpContext } from '../mcp/context.ts';
import type { Reader } from '../query/reader.ts';
import type { GlobalOptions } from './options.ts';
import { version } from './version.ts';

/** What the tools of the Model Context Protocol answer from, as the command line was asked. */
export function mcpContext(
  { dataFolder, configFile }: Pick<GlobalOptions, 'dataFolder' | 'configFile'>,
  reader: Reader,
  log: (line: string) => void,
): McpContext {
  return {
    dataFolder,
    reader,
    config: async () => (await loadConfig(configFile, { onMissingFile: log })).config,
    now: () => new Date(),
    version: version(),
    log,
  };
}
