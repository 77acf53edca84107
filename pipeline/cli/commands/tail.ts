import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { EVENT_TYPES } from '../../../edge/contract/event-types.ts';
import { loadConfig } from '../../config/load.ts';
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
      const { dataFolder, configFile, json } = globalOptions(self);
      const interval = countOf('--interval', options.interval);
      const keys = await listKeys(dataFolder);
      const filter: TailFilter = {
        ...(options.type && { types: options.type }),
        ...(options.key && { writeKeyIds: options.key.flatMap((given) => idsOf(given, keys)) }),
        ...(options.failed && { failed: true }),
      };
      const names = new Map(keys.map(({ id, name }) => [id, name]));
      const show = writer(json, (id) => names.get(id) ?? id);
      const stop = new AbortController();
      void stopRequested().then(() => stop.abort());
      const answered = await callControl<null>(
        dataFolder,
        { command: 'tail', filter },
        { onProgress: (line) => show(line as TailLine), signal: stop.signal },
      );
      if (answered !== undefined) return;
      const { warehouse } = await deployedConfig(configFile, dataFolder);
      await poll(warehouse, dataFolder, { filter, interval, show, signal: stop.signal });
    });
}

/** Repeated options add up; commander checks the choices only without a parser of one's own. */
function typeOf(given: string, before: readonly string[] = []): string[] {
  if (!(EVENT_TYPES as readonly string[]).includes(given)) throw usage(`--type: ${unknownName('type', given, EVENT_TYPES)}`);
  return [...before, given];
}

function idsOf(given: string, keys: Awaited<ReturnType<typeof listKeys>>): string[] {
  const found = keys.filter(({ id, name }) => id === given || name === given).map(({ id }) => id);
  if (found.length > 0) return found;
  // The keys of a deployed edge are not known here.
  if (/^wk_\w+$/.test(given)) return [given];
  const known = keys.flatMap(({ id, name }) => [name, id]);
  throw usage(`--key: ${unknownName('write key', given, known)}`);
}

/** Writes each line, and resolves when the reader of stdout is ready for more. */
function writer(json: boolean, nameOf: (id: string) => string): (line: TailLine) => Promise<void> {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return async (line) => {
    if ('dropped' in line) {
      writeNotice(`${line.dropped} events were left out: they came faster than they were read`);
      return;
    }
    const text = json ? `${JSON.stringify(line.entry satisfies TailEntry)}\n` : renderTailEntry(line.entry, timeZone, nameOf);
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  };
}

async function deployedConfig(configFile: string | undefined, dataFolder: string): Promise<Config> {
  const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
  if (config.warehouse.type === 'bigquery') return config;
  throw new UserError(`"touchtrail up" is not running for ${dataFolder}: start it, or name the right folder with --data`);
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
