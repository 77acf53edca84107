/** What is used of Cloudflare's bindings: as narrow as the use, so that a test can stand in for them. */

/** A queue that is sent to: https://developers.cloudflare.com/queues/configuration/javascript-apis/ */
export interface QueueProducer {
  send(body: string, options?: { contentType: 'text'; delaySeconds?: number }): Promise<unknown>;
  sendBatch(
    messages: Iterable<{ readonly body: string; readonly contentType: 'text' }>,
    options?: { readonly delaySeconds?: number },
  ): Promise<unknown>;
}

/** A bucket of R2: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/ */
export interface Bucket {
  put(key: string, value: string, options?: { readonly customMetadata?: Record<string, string> }): Promise<unknown>;
  get(key: string): Promise<{ text(): Promise<string> } | null>;
  delete(keys: string | string[]): Promise<void>;
  list(options: {
    readonly prefix?: string;
    readonly cursor?: string;
    readonly limit?: number;
    readonly include?: ('httpMetadata' | 'customMetadata')[];
  }): Promise<BucketPage>;
}

export interface BucketObject {
  readonly key: string;
  readonly size: number;
  readonly uploaded: Date;
  readonly customMetadata?: Record<string, string>;
}

export interface BucketPage {
  readonly objects: readonly BucketObject[];
  readonly truncated: boolean;
  readonly cursor?: string;
}

/** A rate limit: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/ */
export interface RateLimiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** A dataset of Analytics Engine: https://developers.cloudflare.com/analytics/analytics-engine/ */
export interface Analytics {
  writeDataPoint(point: { readonly indexes?: string[]; readonly blobs?: string[]; readonly doubles?: number[] }): void;
}
