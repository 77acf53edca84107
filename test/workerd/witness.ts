import type { Bucket, QueueProducer } from '../../edge/platform.ts';
import type { FakeBucket } from '../../edge/testing/fake-bucket.ts';
import type { FakeQueue } from '../../edge/testing/fake-queue.ts';
import { addressIn } from './addresses.ts';
import { Causes } from './copies.ts';

/** Makes a call of a service, as an isolate that may die with it. */
type Guarded = <Result>(service: string, call: () => Promise<Result>) => Promise<Result>;

/** Stands between the Worker and what it works with, and remembers what is to be said of it afterwards. */
export class Witness {
  /** Headers of what was durable by the word of queue or archive, as JSON. */
  readonly durableHeaders = new Set<string>();
  /** Why rows may have been stored more than once. */
  readonly causes = new Causes();
  /** Where addresses of visitors were found in what left the Worker. */
  readonly leaks: string[] = [];

  /** Looks for addresses in what leaves the Worker. */
  look(where: string, text: string): void {
    const found = addressIn(text);
    if (found !== undefined) this.leaks.push(`${where} got …${found}…`);
  }

  /** The queue as the Worker has it. */
  queue(queue: FakeQueue, guarded: Guarded): QueueProducer {
    const sendBatch: QueueProducer['sendBatch'] = async (messages, options) => {
      const all = [...messages];
      const bodies = all.map(({ body }) => body);
      for (const body of bodies) this.look('the queue', body);
      let heard: (() => void) | undefined;
      await guarded('queue', async () => {
        const before = queue.depth;
        const sent = queue.sendBatch(all, options);
        // What is queued at all is queued by now.
        heard = this.causes.send(bodies, bodies.slice(0, queue.depth - before));
        await sent;
      });
      heard!();
      for (const body of bodies) this.#noteDurable(body);
    };
    return { sendBatch, send: async (body, options) => await sendBatch([{ body, contentType: 'text' }], options) };
  }

  /** The archive as the Worker has it. */
  archive(archive: FakeBucket, guarded: Guarded): Bucket {
    return {
      put: async (key, value, options) => {
        const isSpill = key.startsWith('spill/');
        this.look(key.split('/')[0]!, `${key} ${JSON.stringify(options)} ${value}`);
        const heard = this.causes.open(isSpill ? [value] : []);
        await guarded('archive', async () => await archive.put(key, value, options));
        heard();
        if (isSpill) this.#noteDurable(value);
        return {};
      },
      get: async (key) => {
        const object = await guarded('archive', async () => await archive.get(key));
        if (object) this.causes.read(key, await object.text());
        return object;
      },
      delete: async (keys) => await guarded('archive', async () => await archive.delete(keys)),
      list: async (options) => await guarded('archive', async () => await archive.list(options)),
    };
  }

  #noteDurable(text: string): void {
    if (text.startsWith('{"delivery":')) this.durableHeaders.add(text.split('\n', 1)[0]!);
  }
}
