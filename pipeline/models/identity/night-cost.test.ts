import { expect, test } from 'vitest';
import { openWorld } from '../../testing/world.ts';
import { events } from '../events/events.ts';
import { identity } from './identity.ts';

const mail = (hash: string) => ({ email_hashes: [{ hash, origin: 'form' as const }] });

test('a night decides the cluster that something touched, and no other: of a hundred persons one', async () => {
  const world = await openWorld();
  try {
    const pairs = Array.from({ length: 100 }, (_, i) => i);
    await world.events(
      ...pairs.flatMap((i) => [
        { who: `laptop-${i}`, at: '09:00', ...mail(`h${i}`) },
        { who: `phone-${i}`, at: '10:00', ...mail(`h${i}`) },
      ]),
    );
    await world.run(events, identity);
    const since = world.warehouse.statements.length;
    await world.events({ who: 'tablet-7', at: '11:00', ...mail('h7') });
    const [, found] = await world.run(events, identity);
    expect(found!.changes).toEqual({
      identity_keys: { inserted: 1, updated: 0, deleted: 0 },
      identity_edges: { inserted: 1, updated: 0, deleted: 0 },
      identities: { inserted: 1, updated: 0, deleted: 0 },
      // The address of the person was last seen now.
      user_identities: { inserted: 0, updated: 1, deleted: 0 },
    });
    const touched = (label: string) =>
      world.warehouse.statements.slice(since).reduce((sum, statement) => sum + (statement.label === label ? statement.rows : 0), 0);
    // Laptop, phone and tablet with one edge each.
    expect([touched('identity: ids'), touched('identity: edges')]).toEqual([3, 3]);
  } finally {
    await world.close();
  }
});
