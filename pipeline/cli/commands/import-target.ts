import type { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import { callControl } from '../../embedded/control.ts';
import { importKey, trackingSince } from '../../import/key.ts';
import type { ImportTarget } from '../../import/send.ts';
import { keepingSignals } from '../up/signals.ts';
import type { UpStatus } from '../up/serve.ts';

/** The edge of an import while it lasts. */
export interface OpenTarget extends ImportTarget {
  /** When tracking began, milliseconds since 1970; undefined where that is not known. */
  readonly trackingSince: number | undefined;
  /** In words, for the progress. */
  readonly words: string;
  close(): Promise<void>;
}

export interface TargetOptions {
  readonly config: Config;
  readonly dataFolder: string;
  /** `--edge` and `--no-edge`; undefined: as the config says. */
  readonly edge: boolean | undefined;
  /** `--as`. */
  readonly storesAs: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** One line for the operator. */
  readonly log: (line: string) => void;
}

/**
 * The edge that an import goes through: the deployed one where the warehouse is BigQuery (or with `--edge`); else the `up` that serves
 * the data folder; else one of its own, for as long as the import lasts.
 * @throws UserError where there is none, or its key is missing.
 */
export async function openTarget(options: TargetOptions): Promise<OpenTarget> {
  const { config, dataFolder, edge, storesAs } = options;
  if (edge === false && config.warehouse.type === 'bigquery') {
    throw new UserError('--no-edge: the warehouse is BigQuery, and nothing would bring what lands in the data folder there', {
      exitCode: 2,
    });
  }
  if (edge ?? config.warehouse.type === 'bigquery') return deployedTarget(options);
  const { key, isNew } = await importKey(dataFolder, storesAs);
  const since = await trackingSince(dataFolder);
  const up = await callControl<Pick<UpStatus, 'url' | 'pid'>>(dataFolder, { command: 'status' });
  if (up) {
    if (isNew) await callControl(dataFolder, { command: 'reload-keys' });
    const words = `touchtrail up at ${up.url}`;
    return { url: up.url, key, compress: false, trackingSince: since, words, close: async () => {} };
  }
  const { internalIps } = config.edge;
  // Loaded here: the runtime takes a while, and no other target needs it.
  const { startUp } = await import('../../embedded/up.ts');
  const running = await keepingSignals(() => startUp({ dataFolder, port: 0, internalIps, log: options.log }));
  return { url: running.url, key, compress: false, trackingSince: since, words: 'an edge of its own', close: () => running.stop() };
}

function deployedTarget({ config, storesAs, environment = process.env }: TargetOptions): OpenTarget {
  const { url } = config.edge;
  if (url === undefined) {
    throw new UserError('no deployed edge is known: set edge.url in touchtrail.config.ts, such as "https://www.example.com/t"', {
      exitCode: 2,
    });
  }
  if (storesAs !== undefined) {
    throw new UserError(
      `--as ${storesAs}: with a deployed edge the key says it itself: create it with "touchtrail keys create --kind server --name import --source ${storesAs}"`,
      { exitCode: 2 },
    );
  }
  const key = environment['TOUCHTRAIL_SERVER_KEY']?.trim();
  if (!key) {
    throw new UserError(
      'the environment variable TOUCHTRAIL_SERVER_KEY is not set: create a key with "touchtrail keys create --kind server --name import" and set it to that',
      { exitCode: 2 },
    );
  }
  const address = url.replace(/\/+$/, '');
  return { url: address, key, compress: true, trackingSince: undefined, words: address, close: async () => {} };
}
