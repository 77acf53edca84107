/**
 * What a promise gives, if it does so in time. Queues have been seen to hang for a minute, and neither they nor the other
 * bindings take a signal to stop: what was asked for may still happen after the error.
 * @param name of the other side, for the error.
 */
export async function within<Value>(milliseconds: number, name: string, promise: Promise<Value>): Promise<Value> {
  let timer!: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
