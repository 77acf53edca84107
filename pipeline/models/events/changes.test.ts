import { afterEach, expect, test } from 'vitest';
import { expireSessions } from '../../privacy/retention.ts';
import { type World, openWorld } from '../../testing/world.ts';
import { identity } from '../identity/identity.ts';
import { sessions } from '../sessions/sessions.ts';
import { events } from './events.ts';

let world: World;
afterEach(() => world.close());

const NOW = '2026-07-01T03:00:00.000Z';
const unread = () => world.rows('select consumer, anonymous_id from event_changes order by consumer, anonymous_id');

test('every reader learns of the visitors whose events changed; of events without one only conversions do', async () => {
  world = await openWorld();
  await world.run(events, sessions, identity);
  await world.events(
    { who: 'a', at: '10:00' },
    { who: 'a', at: '11:00', anonymous_id: null, user_id: 'u', type: 'track', event: 'purchase' },
  );
  await world.run(events);
  expect(await unread()).toEqual([
    { consumer: 'conversions', anonymous_id: '' },
    { consumer: 'conversions', anonymous_id: 'a' },
    { consumer: 'identity', anonymous_id: 'a' },
    { consumer: 'reports', anonymous_id: 'a' },
    { consumer: 'sessions', anonymous_id: 'a' },
  ]);
  await world.run(sessions, identity);
  expect((await unread()).map(({ consumer }) => consumer)).toEqual(['conversions', 'conversions', 'reports']);
});

test('sessions that retention deletes are told to what is made of them, and not to the sessions, which would make them anew', async () => {
  world = await openWorld({ retention: { events: 400, sessions: 100 } });
  await world.events({ who: 'a', at: '2026-02-02 10:00' }, { who: 'b', at: '2026-06-30 10:00' });
  await world.run(events, sessions, identity);
  expect(await unread()).toEqual([]);
  const { changes } = await expireSessions({ warehouse: world.warehouse, config: world.config, dataFolder: world.folder, now: NOW });
  expect(changes).toEqual({ sessions: { inserted: 0, updated: 0, deleted: 1 } });
  expect(await unread()).toEqual([
    { consumer: 'conversions', anonymous_id: 'a' },
    { consumer: 'reports', anonymous_id: 'a' },
  ]);
});
