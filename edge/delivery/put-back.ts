import type { PutBack } from '../contract/held.ts';
import type { Bucket, BucketObject, QueueProducer } from '../platform.ts';
import { type Listed, pagesOf, patiently } from './archive.ts';
import { deliver, type DeliveryPorts } from './deliver.ts';
import { byteLength, inParallel } from './groups.ts';
import { divideMessage, MESSAGE_BYTES, type MessageRow, readMessage, sendAll, sendCall, toCalls } from './message.ts';

/** What {@link putBack} works with. */
export interface PutBackPorts extends DeliveryPorts {
  readonly queue: QueueProducer | undefined;
}

/** What {@link putBack} is asked for. */
export interface PutBackOptions {
  /** Objects that are looked at; the last page is finished. */
  readonly limit: number;
  /** Counts only, from what the objects say about themselves. */
  readonly dryRun?: boolean;
  /** Goes on where an earlier call has ended. */
  readonly cursor?: string | undefined;
}

/** As many objects as are held in memory at once. */
const PAGE_OBJECTS = 100;

interface Held {
  readonly object: BucketObject;
  readonly text: string;
  readonly rows: readonly MessageRow[];
}

/**
 * Puts what the archive holds back into the queue, oldest day first. An object is deleted only after its messages were sent, so that
 * a call that ends early, or two at once, make copies at worst, which their ids tell. An object that is larger than a message
 * becomes several; a row that is larger goes straight into the warehouse.
 * @throws Error where a binding is missing, or queue or archive do not answer; what was not put back stays.
 */
export async function putBack(
  listed: Exclude<Listed, 'invalid'>,
  { limit, dryRun, cursor: from }: PutBackOptions,
  ports: PutBackPorts,
): Promise<PutBack> {
  const { queue, archive } = ports;
  if (!queue || !archive) throw new Error('nothing can be put back: the bindings QUEUE and ARCHIVE are needed');
  const moved: BucketObject[] = [];
  const unreadable: string[] = [];
  const waiting: string[] = [];
  const done = async (objects: readonly BucketObject[]) => {
    await patiently(archive.delete(objects.map(({ key }) => key)));
    moved.push(...objects);
  };
  let looked = 0;
  let cursor: string | undefined;
  for await (const page of pagesOf(archive, listed, Math.min(limit, PAGE_OBJECTS), from)) {
    looked += page.objects.length;
    cursor = page.truncated ? page.cursor : undefined;
    if (dryRun) moved.push(...page.objects);
    else {
      const held = await readAll(archive, page.objects, unreadable);
      const isLarge = ({ text }: Held) => byteLength(text) > MESSAGE_BYTES;
      const small = held.filter((one) => !isLarge(one));
      await inParallel(
        toCalls(small, ({ text }) => text),
        async (call) => {
          await sendCall(
            queue,
            call.map(({ text }) => text),
          );
          await done(call.map(({ object }) => object));
        },
      );
      for (const { object, text, rows } of held.filter(isLarge)) {
        const { texts, large } = divideMessage(text, rows);
        const [left] = await deliver([large], ports);
        if (left!.rows.length > 0) waiting.push(object.key);
        else {
          await sendAll(queue, texts);
          await done([object]);
        }
      }
    }
    if (looked >= limit) break;
  }
  return {
    objects: moved.length,
    rows: moved.reduce((total, { customMetadata }) => total + Number(customMetadata?.['count'] ?? 0), 0),
    bytes: moved.reduce((total, { size }) => total + size, 0),
    unreadable,
    waiting,
    ...(cursor !== undefined && { cursor }),
  };
}

async function readAll(archive: Bucket, objects: readonly BucketObject[], unreadable: string[]): Promise<Held[]> {
  const held: Held[] = [];
  await inParallel(objects, async (object) => {
    const body = await patiently(archive.get(object.key));
    // Gone: another call has put it back.
    if (!body) return;
    const text = await patiently(body.text());
    const rows = readMessage(text);
    if (rows) held.push({ object, text, rows });
    else unreadable.push(object.key);
  });
  return held;
}
