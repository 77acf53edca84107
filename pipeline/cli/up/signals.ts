const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `start` and takes away the signal handlers it leaves behind: Miniflare's would end the process at once, before
 * what was received is sealed and a run in progress has ended. Whoever calls this handles the signals.
 */
export async function keepingSignals<Result>(start: () => Promise<Result>): Promise<Result> {
  const before = SIGNALS.map((signal) => process.listeners(signal));
  try {
    return await start();
  } finally {
    SIGNALS.forEach((signal, i) => {
      for (const listener of process.listeners(signal)) if (!before[i]!.includes(listener)) process.off(signal, listener);
    });
  }
}

/** Waits for Ctrl-C or SIGTERM; a second one ends the process at once. */
export async function stopRequested(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      for (const signal of SIGNALS) process.off(signal, stop);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, stop);
  });
}
