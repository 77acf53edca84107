import { UserError } from '../../config/user-error.ts';
import { formatBytes } from '../bytes.ts';
import type { BigQuerySettings } from './api.ts';
import { reasonOf } from './retry.ts';

/**
 * What the queries of one run may still scan. BigQuery itself refuses a query beyond its `maximumBytesBilled`, before it
 * runs and without a charge, so that the rest of the run's limit is given to each as its own.
 */
export class ByteBudget {
  readonly #perQuery: number;
  readonly #perRun: number;
  #spent = 0;

  constructor(settings: Pick<BigQuerySettings, 'maximumBytesBilled' | 'maximumBytesPerRun'>) {
    this.#perQuery = settings.maximumBytesBilled;
    this.#perRun = settings.maximumBytesPerRun ?? Infinity;
  }

  /** What the next query may scan. BigQuery takes 0 for no limit at all. */
  get forOneQuery(): number {
    return Math.max(1, Math.min(this.#perQuery, this.#left));
  }

  spend(bytes: number): void {
    this.#spent += bytes;
  }

  /** The refusal of a query beyond a limit, in words that help; undefined for any other error. */
  explained(error: unknown, label: string): UserError | undefined {
    const message = error instanceof Error ? error.message : String(error);
    const words = /exceeded limit for bytes billed: \d+\.?\s*(\d+) or higher required/i.exec(message);
    if (!words && reasonOf(error) !== 'bytesBilledLimitExceeded') return undefined;
    const needed = words ? `would scan ${formatBytes(Number(words[1]))}` : 'would scan more than it may';
    const see = '"touchtrail run --dry-run" shows what each statement of a run would scan';
    if (this.#left < this.#perQuery) {
      return new UserError(
        `${label}: this statement ${needed}, but of the ${formatBytes(this.#perRun)} that a run may scan (warehouse.maximumBytesPerRun) ` +
          `${formatBytes(this.#spent)} are used; nothing was charged for it. Raise the limit, or find out why there is so much to do: ${see}`,
        { cause: error },
      );
    }
    return new UserError(
      `${label}: this statement ${needed}, but one query may scan ${formatBytes(this.#perQuery)} (warehouse.maximumBytesBilled); ` +
        `nothing was charged for it. Raise the limit if this is right: ${see}`,
      { cause: error },
    );
  }

  get #left(): number {
    return Math.max(0, this.#perRun - this.#spent);
  }
}
