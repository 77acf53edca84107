import type { Change } from '../warehouse/warehouse.ts';

/** Rows touched, by table. */
export type Changes = Readonly<Record<string, Change>>;

const NONE: Change = { inserted: 0, updated: 0, deleted: 0 };

/** The sum of both. */
export function addChange(a: Change, b: Change): Change {
  return { inserted: a.inserted + b.inserted, updated: a.updated + b.updated, deleted: a.deleted + b.deleted };
}

/** Rows touched over all tables. */
export function totalChange(changes: Changes): Change {
  return Object.values(changes).reduce(addChange, NONE);
}

/** Rows touched by table, over several steps. */
export function mergeChanges(all: readonly Changes[]): Changes {
  const merged: Record<string, Change> = {};
  for (const changes of all) {
    for (const [name, change] of Object.entries(changes)) merged[name] = addChange(merged[name] ?? NONE, change);
  }
  return merged;
}

/** How many rows were touched in any way. */
export function touchedRows({ inserted, updated, deleted }: Change): number {
  return inserted + updated + deleted;
}
