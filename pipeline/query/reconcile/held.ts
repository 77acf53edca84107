import type { HeldObject } from '../../../edge/contract/held.ts';
import { askEdge, type DeployedEdge } from '../../deployed/admin.ts';

/** What the archive of a deployed edge holds of one delivery. */
export interface HeldDelivery {
  readonly edge_instance: string;
  readonly edge_sequence: number;
  readonly received_at: string;
  readonly write_key_id: string | null;
  /** Rows of it that were given up: those that were not done. */
  readonly rows: number;
  /** All of its rows, where it could not be queued as far as was known; it may have been, and some of them be done. */
  readonly spilled: number;
}

/** What could not be queued, and what was given up; the warehouse has what it refused in `failed_events`. */
const WILL_COME_BACK = ['spill', 'dead'] as const;

/** Deliveries that the edge holds, and the names of the objects of which it cannot say whose rows they are. */
export interface Held {
  readonly deliveries: readonly HeldDelivery[];
  readonly unreadable: readonly string[];
}

/** Asks a deployed edge what it holds. @throws UserError where it does not answer. */
export async function heldDeliveries(edge: DeployedEdge): Promise<Held> {
  const byNumber = new Map<string, HeldDelivery>();
  const unreadable: string[] = [];
  for (const prefix of WILL_COME_BACK) {
    for await (const object of objectsOf(edge, prefix)) {
      const [, edge_instance, sequence] = /^(.+)-(\d+)$/.exec(object.delivery ?? '') ?? [];
      if (edge_instance === undefined) {
        unreadable.push(object.key);
        continue;
      }
      const { received_at, write_key_id, delivery } = object;
      // A delivery may be several objects.
      let { rows, spilled } = byNumber.get(delivery!) ?? { rows: 0, spilled: 0 };
      if (prefix === 'spill') spilled += object.rows;
      else rows += object.rows;
      byNumber.set(delivery!, { edge_instance, edge_sequence: Number(sequence), received_at, write_key_id, rows, spilled });
    }
  }
  return { deliveries: [...byNumber.values()], unreadable };
}

async function* objectsOf(edge: DeployedEdge, prefix: string): AsyncGenerator<HeldObject> {
  let cursor: string | undefined;
  do {
    const query: string = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const page: { objects: HeldObject[]; cursor?: string } = await askEdge(edge, `/internal/held/${prefix}${query}`);
    yield* page.objects;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
