import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_NAMES, loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { addDays } from '../../config/calendar.ts';
import { UserError } from '../../config/user-error.ts';
import type { ImportIdentity } from '../../import/journal.ts';
import { IMPORT_LIMITS } from '../../import/limits.ts';
import type { Mapping } from '../../import/mapping/mapping.ts';
import { loadMapping } from '../../import/mapping/load.ts';
import type { Convert } from '../../import/message.ts';
import { filesOf } from '../../import/read/files.ts';
import type { Part } from '../../import/records.ts';
import { fileSource, type Format, FORMATS } from '../../import/sources.ts';
import { inZone } from '../../import/zoned-time.ts';
import { isDate } from '../../query/dates.ts';

/** What the command line says of an import. */
export interface ImportFlags {
  readonly format?: Format;
  readonly mapping?: string;
  readonly bigquery?: string;
  readonly from?: string;
  readonly to?: string;
  readonly source?: string;
  readonly as?: string;
  readonly edge?: boolean;
  readonly batch: number;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
}

/** What is to be imported. */
export interface PlannedImport {
  readonly parts: readonly Part[];
  readonly convert: Convert;
  readonly mapping: Mapping | undefined;
  readonly identity: ImportIdentity;
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  /** Of what is read from BigQuery. */
  readonly scannedBytes?: () => Promise<number>;
}

const DEFAULT_BATCH = 2_000;

/** Declares the options of {@link ImportFlags}. */
export function addImportOptions(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', 'what the files hold').choices(FORMATS))
    .option('--mapping <file>', 'how columns or members become events: JSON, or a module (csv, ndjson)')
    .option('--bigquery <project.dataset>', 'read the GA4 export from its tables instead of files')
    .option('--from <date>', 'first day, YYYY-MM-DD, in the project time zone')
    .option('--to <date>', 'last day, included')
    .option('--source <name>', 'where the events come from, noted in each (context.import.source)')
    .option('--as <key>', 'store the events as those of this browser key, so that copies of its events count once')
    .option('--batch <number>', 'most events of one request', batchSize, DEFAULT_BATCH)
    .option('--edge', 'send to the deployed edge (edge.url of the config); the default where the warehouse is BigQuery')
    .option('--no-edge', 'into the data folder')
    .option('--dry-run', 'show what would be imported, and send nothing')
    .option('--resume', 'go on where the same import was interrupted');
}

function batchSize(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= IMPORT_LIMITS.events) return number;
  throw new InvalidArgumentError(`expected a number from 1 to ${IMPORT_LIMITS.events}`);
}

/** The config; of a dry run, which needs none, only where there is one. */
export async function configFor(configFile: string | undefined, { dryRun = false }: ImportFlags): Promise<Config | undefined> {
  const isThere = configFile !== undefined || DEFAULT_NAMES.some((name) => existsSync(name));
  if (dryRun && !isThere) return undefined;
  // The files of the CRM and of the costs have no part in this.
  return (await loadConfig(configFile, { onMissingFile: () => {} })).config;
}

/** Finds and checks all that is to be imported. @throws UserError (exit code 2) saying what does not fit. */
export async function planImport(args: readonly string[], flags: ImportFlags, config: Config | undefined): Promise<PlannedImport> {
  checkFlags(args, flags);
  const { from, to, source, bigquery, as } = flags;
  const named = [flags.mapping, from, to, source, as, bigquery].map((option) => option ?? null);
  if (bigquery !== undefined) {
    // Loaded here: the client library takes a while, and nothing else needs it.
    const { ga4Tables, openGa4 } = await import('../../import/ga4/tables.ts');
    const { ga4Event } = await import('../../import/ga4/event.ts');
    const limit = config?.warehouse.type === 'bigquery' ? config.warehouse.maximumBytesBilled : 100_000_000_000;
    const { parts, scannedBytes } = await ga4Tables(await openGa4(bigquery, limit), bigquery, { from, to });
    // The tables are days by themselves; new ones come behind the others.
    const identity = { format: 'ga4', parts: [], options: named };
    return { parts, convert: ga4Event, mapping: undefined, identity, since: undefined, until: undefined, scannedBytes };
  }
  const files = filesOf(args);
  const loaded = flags.mapping === undefined ? undefined : await loadMapping(flags.mapping);
  const mapping = loaded && { mapping: loaded.mapping, name: flags.mapping! };
  const zone = config?.project.timeZone ?? 'UTC';
  return {
    ...(await fileSource(flags.format!, files, mapping)),
    identity: {
      format: flags.format!,
      parts: files.map(({ path, bytes, modified }) => [path, bytes, modified] as const),
      options: [...named, loaded?.text ?? null],
    },
    since: from === undefined ? undefined : startOf(from, zone),
    until: to === undefined ? undefined : startOf(addDays(to, 1), zone),
  };
}

const startOf = (date: string, zone: string): number => inZone(Date.parse(`${date}T00:00:00Z`), zone);

function wrong(message: string): never {
  throw new UserError(message, { exitCode: 2 });
}

function checkFlags(args: readonly string[], { format, mapping, bigquery, from, to, resume, dryRun }: ImportFlags): void {
  if (bigquery !== undefined && args.length > 0) wrong('expected either files or --bigquery, not both');
  if (bigquery !== undefined && format !== undefined && format !== 'ga4')
    wrong(`--bigquery reads the export of GA4; expected --format ga4, not ${format}`);
  if (bigquery === undefined && args.length === 0) wrong('expected files or folders to import, or --bigquery project.dataset');
  if (bigquery === undefined && format === undefined) wrong(`--format is missing; expected one of ${FORMATS.join(', ')}`);
  if (mapping !== undefined && format !== 'csv' && format !== 'ndjson')
    wrong(`--mapping is for csv and ndjson; ${format ?? 'ga4'} needs none`);
  for (const [name, date] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (date !== undefined && !isDate(date)) wrong(`${name} ${date}: expected a date as YYYY-MM-DD`);
  }
  if (from !== undefined && to !== undefined && from > to) wrong(`--from ${from} lies after --to ${to}`);
  if (resume && dryRun) wrong('--resume and --dry-run: expected one of them');
}
