import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { events } from '../../pipeline/models/events/events.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { type World, openWorld, page } from '../../pipeline/testing/world.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'sessions.md'), 'utf8');

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test('the events of the example make the sessions that the page says', async () => {
  const visit = tableOf(text, 'Time');
  expect(visit.length).toBeGreaterThan(3);
  await world.events(...visit.map(([at, address]) => ({ who: 'a', at: at!, ...page(`https://www.fernhill.example${address}`) })));
  await world.run(events, sessions);
  const rows = await world.rows(
    `select strftime(started_at, '%H:%M') as started, strftime(ended_at, '%H:%M') as ended, cast("events" as varchar) as "events", landing_path,
      source || ' / ' || medium as source
     from sessions order by started_at`,
  );
  expect(tableOf(text, 'Start').map((row) => row.slice(0, 5))).toEqual(rows.map((row) => Object.values(row)));
});

test('the settings that the page shows are the defaults', async () => {
  const code = blockOf(await codeBlocks('sessions.md'), 'ts config');
  const { timeoutMinutes, maximumHours } = world.config.sessions;
  expect(code).toContain(`sessions: { timeoutMinutes: ${timeoutMinutes}, maximumHours: ${maximumHours} }`);
});
