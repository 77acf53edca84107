const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** A closed terminal asks for the same as Ctrl-C. */
const REQUESTS = [...SIGNALS, 'SIGHUP'] as const;

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

/**
 * Waits for Ctrl-C, SIGTERM, the end of the terminal, or the end of a parent that started this process with a channel to
 * it; a second signal ends the process at once.
 */
export async function stopRequested(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      for (const signal of REQUESTS) process.off(signal, stop);
      process.off('disconnect', stop);
      // An open channel would keep this process alive when all its work is done.
      if (process.connected) process.disconnect?.();
      resolve();
    };
    for (const signal of REQUESTS) process.on(signal, stop);
    if (process.connected) process.once('disconnect', stop);
  });
}
