import { Log, LogLevel } from 'miniflare';

/**
 * Miniflare's own errors. After the start there is one kind: workerd ended and cannot be started again, so that from then on
 * nobody answers on the port.
 */
export class RuntimeLog extends Log {
  readonly #onError: (error: Error) => void;

  constructor(onError: (error: Error) => void) {
    super(LogLevel.ERROR);
    this.#onError = onError;
  }

  override error(error: Error): void {
    this.#onError(error);
  }
}
