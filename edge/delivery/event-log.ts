import type { Delivery } from '../contract/delivery.ts';

/**
 * Where deliveries go: a landing zone in the embedded runtime, a queue in production.
 * `append` resolves only when the delivery is durable, and rejects where it is not, or where that is not known. The edge
 * acknowledges after it has resolved, never before.
 */
export interface EventLog {
  append(delivery: Delivery): Promise<void>;
}
