import { CLICK_ID_PARAMETERS } from '../../edge/contract/click-ids.ts';
import { DEFAULT_CHANNELS } from './channel-names.ts';
import { CHANNEL_FIELDS, type ChannelCondition, SITE_KINDS, type TextTest } from './channels.ts';
import { type ConfigProblem, didYouMean, renderPath } from './problems.ts';
import type { Config } from './schema.ts';

/** A channel of this name would be taken for revenue without a session. */
const RESERVED_CHANNEL = '(not attributed)';

/** What is wrong with the part `channels` beyond its shape. */
export function channelProblems(config: Config): ConfigProblem[] {
  return [...channelNames(config), ...ruleValues(config), ...repeatedSites(config), ...mediumProblems(config), ...repeatedClickIds(config)];
}

/** Two spellings of one channel would be two rows of every report. */
function channelNames(config: Config): ConfigProblem[] {
  const spellings = new Map<string, string>(DEFAULT_CHANNELS.map((name) => [squeezed(name), name]));
  return config.channels.rules.flatMap(({ channel }, i) => {
    const path = `channels.rules[${i}].channel`;
    if (channel.toLowerCase() === RESERVED_CHANNEL)
      return [
        { path, message: `${JSON.stringify(channel)}: reports have this name for conversions without a session; expected another one` },
      ];
    const known = spellings.get(squeezed(channel));
    if (known === undefined) spellings.set(squeezed(channel), channel);
    if (known === undefined || known === channel) return [];
    return [{ path, message: `${JSON.stringify(channel)}: "${known}" is spelt otherwise; expected one spelling of a channel` }];
  });
}

const squeezed = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, '');

/** Names of platforms and click ids in rules, of which there are only those. */
function ruleValues(config: Config): ConfigProblem[] {
  const ownClickIds = Object.entries(config.channels.clickIds);
  const clickIds = [...new Set([...CLICK_ID_PARAMETERS.map(({ name }) => name), ...ownClickIds.map(([name]) => name.toLowerCase())])];
  const platforms = [
    ...new Set([
      ...CLICK_ID_PARAMETERS.map(({ platform }) => platform),
      ...ownClickIds.map(([, { platform }]) => platform),
      ...config.costs.map(({ platform }) => platform),
    ]),
  ];
  return config.channels.rules.flatMap(({ when }, i) =>
    testsOf(when, ['channels', 'rules', i, 'when']).flatMap(({ path, field, test }) => {
      if (field === 'clickId') return unknownValues(test, path, 'click id', clickIds);
      if (field === 'adPlatform') return unknownValues(test, path, 'ad platform', platforms);
      if (field === 'landingPath') return noPaths(test, path);
      return [];
    }),
  );
}

interface PlacedTest {
  readonly path: readonly PropertyKey[];
  readonly field: (typeof CHANNEL_FIELDS)[number];
  readonly test: TextTest;
}

function testsOf(when: ChannelCondition, path: readonly PropertyKey[]): PlacedTest[] {
  const own = CHANNEL_FIELDS.flatMap((field) => {
    const test = when[field];
    return test ? [{ path: [...path, field], field, test }] : [];
  });
  const parts = (['all', 'any'] as const).flatMap((word) => (when[word] ?? []).flatMap((part, i) => testsOf(part, [...path, word, i])));
  return [...own, ...parts];
}

/** The texts that a comparison names as a whole, each with its place. */
function namedTexts(test: TextTest, path: readonly PropertyKey[]): [text: string, path: PropertyKey[]][] {
  if (test.equals !== undefined) return [[test.equals, [...path, 'equals']]];
  return (test.in ?? []).map((text, i) => [text, [...path, 'in', i]]);
}

function unknownValues(test: TextTest, path: readonly PropertyKey[], kind: string, valid: readonly string[]): ConfigProblem[] {
  return namedTexts(test, path).flatMap(([text, at]) => {
    if (valid.includes(text.toLowerCase())) return [];
    const hint = didYouMean(text, valid) ?? `there are ${valid.join(', ')}`;
    return [{ path: renderPath(at), message: `${JSON.stringify(text)}: no such ${kind}; ${hint}` }];
  });
}

function noPaths(test: TextTest, path: readonly PropertyKey[]): ConfigProblem[] {
  const starts: [string, PropertyKey[]][] = test.startsWith === undefined ? [] : [[test.startsWith, [...path, 'startsWith']]];
  return [...namedTexts(test, path), ...starts].flatMap(([text, at]) =>
    text.startsWith('/')
      ? []
      : [{ path: renderPath(at), message: `${JSON.stringify(text)}: expected a path that begins with "/", such as "/pricing"` }],
  );
}

function repeatedSites(config: Config): ConfigProblem[] {
  const known = new Map<string, string>(config.site.domains.map((domain, i) => [bare(domain), `site.domains[${i}]`]));
  return SITE_KINDS.flatMap((kind) =>
    config.channels.sites[kind].flatMap((host, i) => {
      const path = `channels.sites.${kind}[${i}]`;
      const other = known.get(bare(host));
      if (other === undefined) known.set(bare(host), path);
      return other === undefined ? [] : [{ path, message: `${JSON.stringify(host)}: ${other} is the same; expected each site once` }];
    }),
  );
}

const bare = (host: string): string => host.toLowerCase().replace(/^www\./, '');

/** What visits without a medium have: by it they are known. */
const NO_MEDIUM: readonly string[] = ['none', '(none)', '(not set)'];

function mediumProblems(config: Config): ConfigProblem[] {
  const given = Object.keys(config.channels.mediums).map((name) => name.toLowerCase());
  return Object.entries(config.channels.mediums).flatMap(([from, to], i) => {
    const path = renderPath(['channels', 'mediums', from]);
    if (given.indexOf(from.toLowerCase()) !== i) return [{ path, message: `"${from}": stands here twice; letter case does not count` }];
    const reserved = [from, to].find((name) => NO_MEDIUM.includes(name.toLowerCase()));
    if (reserved !== undefined) return [{ path, message: `"${reserved}": stands for no medium; expected another one` }];
    if (from.toLowerCase() === to.toLowerCase()) return [{ path, message: `"${to}": is the same; media are lower-case anyway` }];
    if (given.includes(to.toLowerCase())) return [{ path, message: `"${to}": has another name itself; expected the last one` }];
    return [];
  });
}

function repeatedClickIds(config: Config): ConfigProblem[] {
  const names = Object.keys(config.channels.clickIds).map((name) => name.toLowerCase());
  return Object.keys(config.channels.clickIds).flatMap((name, i) =>
    names.indexOf(name.toLowerCase()) === i
      ? []
      : [{ path: renderPath(['channels', 'clickIds', name]), message: `"${name}": stands here twice; letter case does not count` }],
  );
}
