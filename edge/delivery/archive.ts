import type { Metrics } from '../metrics.ts';
import type { Bucket, BucketPage } from '../platform.ts';
import { within } from '../time-limit.ts';
import type { MessageRow } from './message.ts';

/**
 * What is held in the archive: `spill` could not be queued and goes back by itself; `dead` was given up after many attempts and goes
 * back by `touchtrail replay`; `invalid` is the original text of rows that the warehouse refused and that lie in `failed_events`.
 */
export const PREFIXES = ['spill', 'dead', 'invalid'] as const;
export type Prefix = (typeof PREFIXES)[number];

/**
 * The two parts of `spill`: deliveries by their day, which begins with a 2, and those that no message can hold. Of the second there
 * may be many although the queue is well, and they take long: they stand behind all of the first.
 */
export const SPILL_PARTS = ['spill/2', 'spill/large/'] as const;
/** What is listed together. */
export type Listed = Prefix | (typeof SPILL_PARTS)[number];

/** A bucket answers within a fraction of a second. */
const TIMEOUT_MS = 5_000;

/** What the archive answers. Rejects where it does not do so in time. */
export async function patiently<Value>(answer: Promise<Value>): Promise<Value> {
  return await within(TIMEOUT_MS, 'the archive', answer);
}

/** What an object says about its rows, so that counting them reads no bodies. */
export interface About {
  /** Events and failed events. */
  readonly count: number;
  readonly receivedAt: string;
  readonly writeKeyId: string;
  /** Instance and number. */
  readonly delivery: string;
}

/** What can be said of the rows of one delivery. */
export function aboutRows(rows: readonly MessageRow[]): About {
  const { receivedAt, writeKeyId, delivery } = rows[0]!;
  return { count: rows.filter(({ table }) => table !== 'deliveries').length, receivedAt, writeKeyId, delivery };
}

/**
 * Puts a text into the archive, under the day it was received. Rejects where it is not known to be there.
 * @param name the same for the same text, so that a second attempt makes no second object.
 * @param about undefined where the text cannot be read; its day is then the given one.
 */
export async function hold(
  { archive, metrics }: { readonly archive: Bucket | undefined; readonly metrics: Metrics },
  prefix: Prefix | 'spill/large',
  name: string,
  text: string,
  about: About | { readonly receivedAt: string },
): Promise<void> {
  if (!archive) throw new Error('no archive: the binding ARCHIVE is missing');
  const known = 'count' in about ? { count: String(about.count), write_key_id: about.writeKeyId, delivery: about.delivery } : {};
  const customMetadata = { ...known, received_at: about.receivedAt };
  await patiently(archive.put(`${prefix}/${about.receivedAt.slice(0, 10)}/${name}`, text, { customMetadata }));
  metrics.count('archived', prefix, 'count' in about ? about.count : 1);
}

/** The objects of a prefix, page by page, in the order of their days. */
export async function* pagesOf(archive: Bucket, listed: Listed, limit?: number, from?: string): AsyncGenerator<BucketPage> {
  let cursor = from;
  do {
    const page = await patiently(
      archive.list({
        prefix: listed.includes('/') ? listed : `${listed}/`,
        include: ['customMetadata'],
        ...(limit !== undefined && { limit }),
        ...(cursor !== undefined && { cursor }),
      }),
    );
    yield page;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}
