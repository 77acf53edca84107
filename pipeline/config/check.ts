import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { attributionFiles, attributionProblems } from './check-attribution.ts';
import { channelProblems } from './check-channels.ts';
import { conversionProblems } from './check-conversions.ts';
import { costProblems } from './check-costs.ts';
import { eventFunnelProblems } from './check-funnels.ts';
import { conversionFiles, type PlacedConversion } from './conversion-files.ts';
import { didYouMean, problemsOf, renderPath, renderValue, unknownName, type ConfigProblem } from './problems.ts';
import { EVENT_ORIGINS, IDENTITY_KEY_NAMES, KEYS_OF_EVENTS, NO_IDENTITY_KEYS } from './identity-keys.ts';
import { isReservedTable } from './reserved-tables.ts';
import { Config } from './schema.ts';
import { editDistance } from './suggest.ts';
import { UserError } from './user-error.ts';

export interface ConfigCheckOptions {
  /** Told of each CSV or SQL file that is not there; default: it is an error. */
  readonly onMissingFile?: (message: string) => void;
}

/**
 * Validates what a config file exports, and adds the conversions that files of SQL beside it define by their front matter.
 * @param folder where the paths in the config start from.
 * @param file named in the message.
 * @throws UserError (exit code 2) that lists every problem, each with its path, the value and what was expected.
 */
export function checkConfig(input: unknown, folder: string, file: string, options: ConfigCheckOptions = {}): Config {
  const parsed = Config.safeParse(input);
  const files = conversionFiles(folder);
  const shape = [...(parsed.success ? [] : problemsOf(parsed.error, Config, input)), ...files.problems];
  if (!parsed.success || shape.length > 0) throw invalid(file, shape);
  const placed = [
    ...parsed.data.conversions.map((conversion, i) => ({
      conversion,
      at: (...path: readonly PropertyKey[]) => renderPath(['conversions', i, ...path]),
    })),
    ...files.placed,
  ];
  const config: Config = { ...parsed.data, conversions: placed.map(({ conversion }) => conversion) };
  const problems = [
    ...definedTwice(placed, folder, files.placed.length),
    ...conversionProblems(placed, config),
    ...unknownFunnelSteps(config),
    ...sourceProblems(config),
    ...costProblems(config),
    ...identityProblems(config),
    ...retentionProblems(config),
    ...channelProblems(config),
    ...attributionProblems(config),
    ...eventFunnelProblems(config),
  ];
  const missing = missingFiles(config, folder, placed);
  if (options.onMissingFile) missing.forEach(({ path, message }) => options.onMissingFile?.(`${file}: ${path}: ${message}`));
  else problems.push(...missing);
  if (problems.length > 0) throw invalid(file, problems);
  return config;
}

function invalid(file: string, problems: readonly ConfigProblem[]): UserError {
  const lines = problems.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new UserError(`${file}: ${count} in the config\n${lines.join('\n')}`, { exitCode: 2 });
}

/** @param ofFiles how many of the last are defined by their own file. */
function definedTwice(placed: readonly PlacedConversion[], folder: string, ofFiles: number): ConfigProblem[] {
  const own = placed.slice(placed.length - ofFiles).flatMap(({ conversion }) => (conversion.kind === 'sql' ? [conversion.sql] : []));
  return placed.slice(0, placed.length - ofFiles).flatMap(({ conversion, at }) => {
    const file = conversion.kind === 'sql' && own.find((one) => path.resolve(folder, one) === path.resolve(folder, conversion.sql));
    if (!file) return [];
    return [
      { path: at('sql'), message: `"${file}": defines a conversion itself by its front matter; expected it here or there, not in both` },
    ];
  });
}

function unknownFunnelSteps(config: Config): ConfigProblem[] {
  const names = config.conversions.map(({ name }) => name);
  return config.funnel.flatMap((name, i) => {
    const path = `funnel[${i}]`;
    if (config.funnel.indexOf(name) !== i) return [{ path, message: `"${name}": stands in the funnel twice` }];
    return names.includes(name) ? [] : [{ path, message: unknownName(name, 'conversion', names) }];
  });
}

function sourceProblems(config: Config): ConfigProblem[] {
  return Object.entries(config.sources).flatMap(([name, source]) => {
    const columns = Object.keys(source.columns);
    const unknownColumn = (column: string, ...at: PropertyKey[]): ConfigProblem[] =>
      columns.includes(column)
        ? []
        : [{ path: renderPath(['sources', name, ...at]), message: unknownName(column, `column of sources.${name}.columns`, columns) }];
    return [
      ...(isReservedTable(name)
        ? [
            {
              path: renderPath(['sources', name]),
              message: `"${name}" is a table of Touchtrail itself; expected another name, such as "crm_${name}"`,
            },
          ]
        : []),
      ...source.key.flatMap((column, i) => unknownColumn(column, 'key', i)),
      ...Object.keys(source.identity).flatMap((column) => unknownColumn(column, 'identity', column)),
      ...(source.seen === undefined ? [] : unknownColumn(source.seen, 'seen')),
    ];
  });
}

function keyOfEvents(name: string, ...at: PropertyKey[]): ConfigProblem[] {
  if (!KEYS_OF_EVENTS.includes(name)) return [];
  const hint = name === 'ip_hash' ? '; a column of addresses is "ip_address"' : '';
  return [{ path: renderPath(at), message: `"${name}" comes from events only${hint}; leave it out` }];
}

/** Values of these are written in another form in the config: addresses. */
const HASHED_KEYS: readonly string[] = ['email_hash', 'email_hash_link', 'ip_hash'];
const BLOCKED_BY_OTHER_NAMES: readonly string[] = ['email', 'email_domains', 'ip'];

/** A CRM id has any name, but one that is nearly a built-in kind would silently join nobody. */
function misspeltKind(name: string, at: readonly PropertyKey[]): ConfigProblem[] {
  const kinds: readonly string[] = [...NO_IDENTITY_KEYS, ...IDENTITY_KEY_NAMES];
  if (kinds.includes(name)) return [];
  const squeezed = name.replaceAll('_', '');
  const isPrefix = (kind: string) => squeezed.length >= 3 && kind.replaceAll('_', '').startsWith(squeezed);
  const meant = kinds.find(isPrefix) ?? kinds.find((kind) => editDistance(name, kind) <= (kind.length > 7 ? 2 : 1));
  if (meant === undefined) return [];
  return [
    {
      path: renderPath(at),
      message: `"${name}": no such identifier; did you mean "${meant}"? A CRM id has another name, such as "crm_contact_id"`,
    },
  ];
}

function identityProblems(config: Config): ConfigProblem[] {
  const ofSources = Object.values(config.sources).flatMap(({ identity }) => Object.values(identity));
  const known = [...new Set([...IDENTITY_KEY_NAMES, ...ofSources.filter((name) => !NO_IDENTITY_KEYS.includes(name))])];
  const blockable = [...BLOCKED_BY_OTHER_NAMES, ...known.filter((name) => !HASHED_KEYS.includes(name))];
  return [
    ...Object.keys(config.identity.keys).flatMap((name) =>
      known.includes(name) ? [] : [{ path: renderPath(['identity', 'keys', name]), message: unknownName(name, 'identity key', known) }],
    ),
    ...(['windowDays', 'exclusive'] as const).flatMap((member) =>
      config.identity.keys['email_hash_link']?.[member] === undefined
        ? []
        : [{ path: `identity.keys.email_hash_link.${member}`, message: 'is that of email_hash; set it there' }],
    ),
    ...Object.keys(config.identity.blocked).flatMap((name) =>
      blockable.includes(name)
        ? []
        : [{ path: renderPath(['identity', 'blocked', name]), message: unknownName(name, 'identifier to block', blockable) }],
    ),
    ...Object.entries(config.sources).flatMap(([source, { identity }]) => [
      ...(EVENT_ORIGINS.some((origin) => origin === source) && Object.keys(identity).length > 0
        ? [
            {
              path: renderPath(['sources', source]),
              message: `"${source}" is an origin of events; expected another name, such as "crm_${source}"`,
            },
          ]
        : []),
      ...Object.entries(identity).flatMap(([column, name]) => [
        ...keyOfEvents(name, 'sources', source, 'identity', column),
        ...misspeltKind(name, ['sources', source, 'identity', column]),
      ]),
    ]),
  ];
}

/** Kept for longer than what it is made from, a table would lose on a rebuild what the nights before have kept. */
function retentionProblems({ retention }: Config): ConfigProblem[] {
  const chain = ['events_raw', 'events', 'sessions'] as const;
  return chain.flatMap((name, i) => {
    const days = retention[name];
    const input = chain.slice(0, i).findLast((earlier) => retention[earlier] !== undefined);
    const longest = input && retention[input];
    if (days === undefined || longest === undefined || days <= longest) return [];
    return [
      { path: `retention.${name}`, message: `${days}: made from ${input}, which is kept for ${longest} days; expected at most ${longest}` },
    ];
  });
}

function missingFiles(config: Config, folder: string, placed: readonly PlacedConversion[]): ConfigProblem[] {
  const files = [
    ...Object.entries(config.sources).map(([name, source]) => ({ path: renderPath(['sources', name, 'csv']), file: source.csv })),
    ...config.costs.flatMap((cost, i) => ('csv' in cost ? [{ path: `costs[${i}].csv`, file: cost.csv }] : [])),
    ...placed.flatMap(({ conversion, at }) => (conversion.kind === 'sql' ? [{ path: at('sql'), file: conversion.sql }] : [])),
    ...attributionFiles(config),
    ...(config.rates && 'csv' in config.rates ? [{ path: 'rates.csv', file: config.rates.csv }] : []),
  ];
  return files.flatMap((entry) => {
    const absolute = path.resolve(folder, entry.file);
    if (statSync(absolute, { throwIfNoEntry: false })?.isFile()) return [];
    const hint = didYouMean(path.basename(absolute), filesIn(path.dirname(absolute)));
    return [{ path: entry.path, message: `${renderValue(entry.file)}: no such file: ${absolute}${hint ? `; ${hint}` : ''}` }];
  });
}

function filesIn(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder).sort() : [];
}
