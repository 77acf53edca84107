import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { EVENT_TYPES } from '../../../edge/contract/event-types.ts';
import { DEFAULT_NAMES, loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import { callControl } from '../../embedded/control.ts';
import { listKeys } from '../../embedded/keys.ts';
import type { TailLine } from '../../embedded/tail.ts';
import type { TailEntry, TailFilter } from '../../models/events/tail.ts';
import { unknownName } from '../../query/names.ts';
import { bytesPerLook, createPoller, WINDOW_MINUTES } from '../../query/tail/poll.ts';
import { openWarehouse } from '../../warehouse/open.ts';
import { globalOptions } from '../options.ts';
import { renderTailEntry } from '../render/tail.ts';
import { stopRequested } from '../up/signals.ts';
import { writeNotice } from './output.ts';
import { countOf, usage } from './period.ts';
import { deployedKeys, idsOf, type KnownKeys } from './tail-keys.ts';

interface TailOptions {
  readonly type?: readonly string[];
  readonly key?: readonly string[];
  readonly failed?: boolean;
  readonly interval: string;
}

const EXAMPLES = `
Shows what a running "touchtrail up" acknowledges, as it does; with a deployed edge, what appears in BigQuery. Ctrl-C ends it.

Examples:
  $ touchtrail tail
  $ touchtrail tail --type page --key website
  $ touchtrail tail --failed --json
`;

/** `touchtrail tail`: events as they arrive. */
export function registerTail(program: Command): void {
  program
    .command('tail')
    .description('Show events as they arrive.')
    .addOption(new Option('--type <type>', 'only events of this type; repeatable').choices(EVENT_TYPES).argParser(typeOf))
    .option('--key <name>', 'only events of this write key, by name or id; repeatable', (value, before: string[] | undefined) => [
      ...(before ?? []),
      value,
    ])
    .option('--failed', 'only rejected events')
    .option('--interval <seconds>', 'with a deployed edge: seconds from one look to the next', '5')
    .addHelpText('after', EXAMPLES)
    .action(async (options: TailOptions, self: Command) => {
      const { dataFolder, configFile, json, quiet } = globalOptions(self);
      const interval = countOf('--interval', options.interval);
      // The keys of the data folder are those of its edge, and of no other.
      const isUp = (await callControl(dataFolder, { command: 'status' })) !== undefined;
      const config = isUp ? undefined : await deployedConfig(configFile, dataFolder);
      const known: KnownKeys = config ? await deployedKeys(config.edge.url) : { keys: await listKeys(dataFolder) };
      const filter: TailFilter = {
        ...(options.type && { types: options.type }),
        ...(options.key && { writeKeyIds: options.key.flatMap((given) => idsOf(given, known)) }),
        ...(options.failed && { failed: true }),
      };
      if (known.silence !== undefined) writeNotice(`write keys are shown by their ids: ${known.silence}`);
      const names = new Map(known.keys.map(({ id, name }) => [id, name]));
      const timeZone = (config ?? (await projectConfig(configFile)))?.project.timeZone ?? 'UTC';
      if (!json && !quiet) writeNotice(`times are in ${timeZone}`);
      const show = writer({ json, timeZone }, (id) => names.get(id) ?? id);
      const stop = new AbortController();
      void stopRequested().then(() => stop.abort());
      if (config) return await poll(config.warehouse, dataFolder, { filter, interval, show, signal: stop.signal });
      const answered = await callControl<null>(
        dataFolder,
        { command: 'tail', filter },
        { onProgress: (line) => show(line as TailLine), signal: stop.signal },
      );
      if (answered === undefined) throw notRunning(dataFolder);
    });
}

/** Repeated options add up; commander checks the choices only without a parser of one's own. */
function typeOf(given: string, before: readonly string[] = []): string[] {
  if (!(EVENT_TYPES as readonly string[]).includes(given)) throw usage(`--type: ${unknownName('type', given, EVENT_TYPES)}`);
  return [...before, given];
}

/** Writes each line, and resolves when the reader of stdout is ready for more. */
function writer(
  { json, timeZone }: { readonly json: boolean; readonly timeZone: string },
  nameOf: (id: string) => string,
): (line: TailLine) => Promise<void> {
  return async (line) => {
    if ('dropped' in line) {
      writeNotice(`${line.dropped} events were left out: they came faster than they were read`);
      return;
    }
    const text = json ? `${JSON.stringify(line.entry satisfies TailEntry)}\n` : renderTailEntry(line.entry, timeZone, nameOf);
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  };
}

/** The config beside a running `up`; it may lie elsewhere, then there is none. */
async function projectConfig(configFile: string | undefined): Promise<Config | undefined> {
  if (configFile === undefined && !DEFAULT_NAMES.some((name) => existsSync(name))) return undefined;
  return (await loadConfig(configFile, { onMissingFile: () => {} })).config;
}

async function deployedConfig(configFile: string | undefined, dataFolder: string): Promise<Config> {
  const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
  if (config.warehouse.type === 'bigquery') return config;
  throw notRunning(dataFolder);
}

function notRunning(dataFolder: string): UserError {
  return new UserError(`"touchtrail up" is not running for ${dataFolder}: start it, or name the right folder with --data`);
}

interface PollOptions {
  readonly filter: TailFilter;
  /** Seconds. */
  readonly interval: number;
  readonly show: (line: TailLine) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Price of reading, USD per TiB, on demand in the US: https://cloud.google.com/bigquery/pricing */
const USD_PER_TIB = 6.25;
/** Each table that a query reads is billed with at least so much. */
const LEAST_BYTES = 2 * 10 * 1024 ** 2;

async function poll(config: Config['warehouse'], dataFolder: string, { filter, interval, show, signal }: PollOptions): Promise<void> {
  const warehouse = await openWarehouse(config, dataFolder, { readOnly: true });
  try {
    writeNotice(costNotice(await bytesPerLook(warehouse, new Date()), interval));
    const poller = createPoller(warehouse, filter);
    while (!signal.aborted) {
      for (const entry of await poller.look(new Date())) await show({ entry });
      await sleep(interval * 1000, undefined, { signal }).catch(() => {});
    }
  } finally {
    await warehouse.close();
  }
}

/** What watching costs, for whoever lets it run. */
export function costNotice(bytesPerQuery: number, interval: number): string {
  const bytes = Math.max(LEAST_BYTES, bytesPerQuery);
  const dollars = ((3600 / interval) * bytes * USD_PER_TIB) / 1024 ** 4;
  const megabytes = Math.ceil(bytes / 1024 ** 2).toLocaleString('en');
  return (
    `looking into BigQuery every ${interval} s, at about ${megabytes} MB each: some ${dollars.toFixed(2)} USD an hour at the list price of the US; ` +
    `what arrives more than ${WINDOW_MINUTES} minutes late is not shown`
  );
}
