import type { Command } from 'commander';
import { emailHash, isEmailHash, normalizeEmail } from '../../../edge/contract/email.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { storedIdentifier } from '../../models/identifiers.ts';
import { keyRules } from '../../models/identity/rules.ts';
import { isDate } from '../../query/dates.ts';
import { personChanges } from '../../query/identity/changes.ts';
import type { Asked } from '../../query/identity/ends.ts';
import { explain } from '../../query/identity/explain.ts';
import { hubs } from '../../query/identity/hubs.ts';
import { identityStatistics } from '../../query/identity/statistics.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { globalOptions } from '../options.ts';
import * as views from '../render/identity.ts';
import { toJson } from '../render/json.ts';
import type { Screen } from '../render/report.ts';
import { screenOf, writeResult } from './output.ts';
import { countOf, usage } from './period.ts';
import { readWarehouse } from './read-warehouse.ts';

const EXAMPLES = `
It reads the graph of the last run, and changes nothing. See docs/identity.md.

Examples:
  $ touchtrail identity explain 3f0c8a52-… 9b1d77e0-…
  $ touchtrail identity stats
`;

const EXPLAIN_EXAMPLES = `
Two identifiers: anonymous ids as they are, others by an option, which may be given twice. An e-mail address is hashed before
anything is looked up. Printed is the shortest chain of evidence between the two, or why there is none.

Examples:
  $ touchtrail identity explain 3f0c8a52-… 9b1d77e0-…
  $ touchtrail identity explain 3f0c8a52-… --email jane@example.com
  $ touchtrail identity explain --user-id 4711 --key crm_contact=C-1042
`;

/** `touchtrail identity`: who is one person, and why. */
export function registerIdentity(program: Command): void {
  const identity = program
    .command('identity')
    .description('Who is one person and why: explain two identifiers, statistics, shared values, changes.')
    .addHelpText('after', EXAMPLES);
  registerExplain(identity);
  registerView(identity, 'stats', 'Persons, devices, and what every signal joined.', async (warehouse, config) => {
    const statistics = await identityStatistics(warehouse, keyRules(config));
    return views.statisticsView(statistics, config.project.timeZone);
  });
  registerView(
    identity,
    'hubs',
    'The values that most anonymous ids hold, and whether they link.',
    async (warehouse, config, { limit }) => {
      return views.hubsView(await hubs(warehouse, keyRules(config), limit), config.project.timeZone);
    },
  );
  registerView(
    identity,
    'changes',
    'The ledger: which persons were merged, split and renamed, latest first.',
    async (warehouse, config, { limit, since }) => {
      const { timeZone } = config.project;
      return views.changesView(await personChanges(warehouse, { since, timeZone, limit }), timeZone);
    },
  );
}

interface Ends {
  readonly anonymousId?: readonly string[];
  readonly email?: readonly string[];
  readonly userId?: readonly string[];
  readonly lead?: readonly string[];
  readonly key?: readonly string[];
}

const collect = (value: string, before: readonly string[] = []) => [...before, value];

function registerExplain(identity: Command): void {
  identity
    .command('explain')
    .description('Why two identifiers are one person, or why they are not.')
    .argument('[anonymous-ids...]', 'cookie values of browsers')
    .option('--anonymous-id <id>', 'the cookie value of a browser', collect)
    .option('--email <address>', 'an address, or its SHA-256 in hex', collect)
    .option('--user-id <id>', "the site's own id of a user", collect)
    .option('--lead <id>', 'an id of the CRM, whatever its name', collect)
    .option('--key <name=value>', 'any identifier by the name of its key, such as ga_client_id=GA1.1.5', collect)
    .addHelpText('after', EXPLAIN_EXAMPLES)
    .action(async (anonymousIds: readonly string[], options: Ends, self: Command) => {
      const [a, b] = askedOf(anonymousIds, options);
      const { dataFolder, configFile, json } = globalOptions(self);
      const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
      const explanation = await readWarehouse(config, dataFolder, (warehouse) => explain(warehouse, config, a, b));
      writeResult(json ? toJson(explanation) : views.renderExplanation(explanation, config.project.timeZone));
    });
}

/** The two identifiers of a question. @throws UserError (exit code 2) unless there are two different ones, each well-formed. */
export function askedOf(anonymousIds: readonly string[], options: Ends): [Asked, Asked] {
  const asked: Asked[] = [
    ...[...anonymousIds, ...(options.anonymousId ?? [])].map((value): Asked => ({ by: 'anonymous_id', value })),
    ...(options.email ?? []).map((text): Asked => ({ by: 'key', name: 'email_hash', value: hashOf('--email', text) })),
    ...(options.userId ?? []).map((text): Asked => ({ by: 'key', name: 'user_id', value: storedIdentifier(text) })),
    ...(options.lead ?? []).map((text): Asked => ({ by: 'crm_id', value: storedIdentifier(text) })),
    ...(options.key ?? []).map(keyOf),
  ];
  const [a, b] = asked;
  if (!a || !b || asked.length > 2)
    throw usage(`expected two identifiers, found ${asked.length}: anonymous ids, or --email, --user-id, --lead, --key`);
  for (const { value } of asked) {
    if (value.trim() === '') throw usage('an identifier is empty');
    if (/^[^\s@]+@[^\s@]+$/.test(value)) throw usage(`${value} is an e-mail address: ask with --email ${value}`);
  }
  if (JSON.stringify(a) === JSON.stringify(b)) throw usage('the two identifiers are the same');
  return [a, b];
}

function keyOf(text: string): Asked {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) throw usage(`--key ${text}: expected name=value, such as ga_client_id=GA1.1.5`);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return name === 'anonymous_id'
    ? { by: 'anonymous_id', value }
    : { by: 'key', name, value: name === 'email_hash' ? hashOf('--key email_hash', value) : storedIdentifier(value) };
}

function hashOf(option: string, text: string): string {
  if (isEmailHash(text)) return text.toLowerCase();
  if (/^[^\s@]+@[^\s@]+$/.test(normalizeEmail(text))) return emailHash(text);
  throw usage(`${option} ${JSON.stringify(text)}: expected an e-mail address, or its SHA-256 in hex (64 digits)`);
}

interface ViewOptions {
  readonly csv?: boolean;
  readonly limit?: string;
  readonly since?: string;
}

/** A command that reads the graph and shows rows; the number of rows and the first day where it takes them. */
function registerView(
  identity: Command,
  name: 'stats' | 'hubs' | 'changes',
  description: string,
  read: (warehouse: Warehouse, config: Config, options: { limit: number; since: string | undefined }) => Promise<views.View>,
): void {
  const command = identity.command(name).description(description).option('--csv', 'comma-separated values');
  if (name !== 'stats') command.option('--limit <rows>', 'most rows to show', '20');
  if (name === 'changes') command.option('--since <date>', 'first day, YYYY-MM-DD, in the project time zone');
  const example = { stats: 'stats --json', hubs: 'hubs --limit 50 --csv', changes: 'changes --since 2026-03-01' }[name];
  command.addHelpText('after', `\nExample:\n  $ touchtrail identity ${example}\n`);
  command.action(async ({ csv = false, limit = '20', since }: ViewOptions, self: Command) => {
    if (since !== undefined && !isDate(since)) throw usage(`--since ${since}: expected a date such as 2026-06-30`);
    const most = countOf('--limit', limit);
    const { dataFolder, configFile, json } = globalOptions(self);
    const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
    const view = await readWarehouse(config, dataFolder, (warehouse) => read(warehouse, config, { limit: most, since }));
    writeResult(json ? toJson(view.data) : csv ? view.csv() : view.text(screenOf() satisfies Screen));
  });
}
