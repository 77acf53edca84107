/**
 * An error whose message is for the person at the terminal: what failed, where, what was expected, what to do.
 * The CLI prints it without a stack trace and exits with `exitCode`: 1 for a failure, 2 for wrong usage or config.
 */
export class UserError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'UserError';
    this.exitCode = options.exitCode ?? 1;
  }
}
