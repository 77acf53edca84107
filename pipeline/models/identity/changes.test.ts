import { afterEach, expect, test } from 'vitest';
import { type World, openWorld } from '../../testing/world.ts';
import { events } from '../events/events.ts';
import { forgetPersons } from './changes.ts';
import { identity } from './identity.ts';

let world: World;
afterEach(() => world.close());

const unread = () => world.rows('select consumer, person_id from person_changes order by consumer, person_id');
const signedIn = (who: string, at: string) => ({ who, at, type: 'identify' as const, user_id: 'u' });

test('a rebuild says that all persons changed, a night which did: before and after ids changed hands', async () => {
  world = await openWorld();
  await world.events(signedIn('a', '10:00'), { who: 'b', at: '11:00' }, { who: 'c', at: '12:00' });
  await world.run(events, identity);
  expect(await unread()).toEqual([
    { consumer: 'conversions', person_id: '*' },
    { consumer: 'reports', person_id: '*' },
  ]);
  for (const consumer of ['conversions', 'reports'] as const) await forgetPersons(world.warehouse, consumer);
  await world.run(events, identity);
  expect(await unread()).toEqual([]);
  // `b` becomes one with `a`; `c` is not concerned.
  await world.events(signedIn('b', '2026-03-03 10:00'));
  await world.run(events, identity);
  await forgetPersons(world.warehouse, 'reports');
  expect(await unread()).toEqual([
    { consumer: 'conversions', person_id: 'a' },
    { consumer: 'conversions', person_id: 'b' },
  ]);
});
