import type { PackedDelivery } from '../contract/delivery.ts';

/**
 * Where deliveries go: a landing zone in the embedded runtime, a queue in production.
 * `append` resolves only when all deliveries are durable, and rejects where one is not, or where that is not known. The edge
 * acknowledges after it has resolved, never before.
 */
export interface EventLog {
  /** How many bytes of UTF-8 a delivery should have at most. A single row that is larger is taken all the same. */
  readonly maximumBytes: number;
  append(deliveries: readonly PackedDelivery[]): Promise<void>;
}
