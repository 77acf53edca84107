import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emailHash } from '../../edge/contract/email.ts';
import { askedOf } from '../../pipeline/cli/commands/identity.ts';
import { renderExplanation } from '../../pipeline/cli/render/identity.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import type { Config } from '../../pipeline/config/schema.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { MAXIMUM_IDENTITIES_OF_A_DEVICE, keyRules } from '../../pipeline/models/identity/rules.ts';
import { explain } from '../../pipeline/query/identity/explain.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'identity.md'), 'utf8');

const hashes = (address: string, origin: 'form' | 'url') => (address === '' ? [] : [{ hash: emailHash(address), origin }]);

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.events(
    ...tableOf(text, 'Anonymous id').map(([who, time, type, event, page, submitted, link], i) => ({
      who: who!,
      // Berlin is one hour ahead of UTC in winter.
      at: new Date(`${time!.replace(' ', 'T')}:00+01:00`).toISOString(),
      message_id: `dana-${i + 1}`,
      type: type as 'page' | 'track',
      event: event! || null,
      page_path: page!,
      email_hashes: [...hashes(submitted!, 'form'), ...hashes(link!, 'url')],
    })),
  );
  await world.run(events, identity);
});
afterAll(() => world.close());

test.each([
  ['sh explain', 'text explained'],
  ['sh refuse', 'text refused'],
])('the command of "%s" prints what the page shows', async (command, output) => {
  const blocks = await codeBlocks('identity.md');
  const ids = /^npx touchtrail identity explain (\S+ \S+)\n$/.exec(blockOf(blocks, command))![1]!.split(' ');
  const [a, b] = askedOf(ids, {});
  expect(renderExplanation(await explain(world.warehouse, world.config, a, b), 'Europe/Berlin')).toBe(blockOf(blocks, output));
});

test('the table of keys has the rules as they are', () => {
  const crm = { lead: { csv: 'a.csv', columns: { id: 'STRING' }, key: ['id'], identity: { id: 'ids of the CRM' } } };
  const config = { ...world.config, sources: crm } as unknown as Config;
  const rows = [...keyRules(config)].map(([name, { tier, priority, windowDays, maxAnonymousIds, exclusive }]) => [
    name,
    tier,
    String(priority),
    windowDays === null ? '' : `${windowDays} days`,
    String(maxAnonymousIds),
    exclusive ? 'yes' : '',
  ]);
  const names = rows.map(([name]) => name!);
  const shown = tableOf(text, 'Key').map((row) => row.slice(0, 6));
  expect(shown.toSorted(([a], [b]) => names.indexOf(a!) - names.indexOf(b!))).toEqual(rows);
  expect(text).toContain(`more than ${MAXIMUM_IDENTITIES_OF_A_DEVICE} e-mail hashes`);
  expect(text).toContain(`more than ${world.config.identity.maximumComponentSize} anonymous ids`);
});

test('the settings that the page shows are accepted', async () => {
  const file = join(world.folder, 'touchtrail.config.ts');
  await world.file('touchtrail.config.ts', blockOf(await codeBlocks('identity.md'), 'ts touchtrail.config.ts'));
  await world.file('contacts.csv', 'id,seen_at,email,address,anonymous_id\n');
  const { config } = await loadConfig(file);
  const rules = keyRules(config);
  expect(rules.get('ip_hash')).toMatchObject({ windowDays: 1, maxAnonymousIds: 10 });
  expect(rules.get('crm_contact')).toMatchObject({ tier: 'deterministic', maxAnonymousIds: 20 });
});
