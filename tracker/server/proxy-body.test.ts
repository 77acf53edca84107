import { expect, test } from 'vitest';
import { BodyTooLarge, readStream } from './proxy-body.ts';

const CHUNK = 100 * 1024;

/** A body of so many chunks, and how many of them were asked for. */
function body(chunks: number) {
  const sent = { count: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent.count === chunks) return controller.close();
        sent.count++;
        controller.enqueue(new Uint8Array(CHUNK));
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, sent };
}

test.each<readonly [said: string | null, chunks: number, read: number]>([
  ['614400', 6, 6],
  // Not the truth, and nothing said at all.
  ['10', 6, 6],
  [null, 6, 6],
  // Ten times what is taken is 5,120,000 bytes: that of it is read whose end may still be waited for.
  [null, 100, 51],
  ['10240000', 100, 0],
])('who sends a body that is too long (Content-Length %s, %i chunks) is heard out, within limits', async (said, chunks, read) => {
  const { stream, sent } = body(chunks);
  await expect(readStream(stream, said)).rejects.toThrow(BodyTooLarge);
  expect(sent.count).toBe(read);
});

test('a body that fits is read whole', async () => {
  expect((await readStream(body(5).stream, '512000'))?.byteLength).toBe(512_000);
});
