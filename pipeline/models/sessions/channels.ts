import type { DefaultChannel } from '../../config/channel-names.ts';
import { CHANNEL_FIELDS, type ChannelCondition, type ChannelField, type ChannelsConfig, type TextTest } from '../../config/channels.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import type { SiteCategory } from './sites.ts';

/** A condition over the lower-cased texts of a visit and over the kind of site the source is. */
type Condition =
  | { readonly field: ChannelField; readonly in: readonly string[] }
  | { readonly field: ChannelField; readonly contains: string }
  | { readonly field: ChannelField; readonly startsWith: string }
  | { readonly field: ChannelField; readonly matches: string }
  | { readonly category: SiteCategory }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

/** A channel and what claims a visit for it. */
export interface ChannelRule<Name extends string = string> {
  readonly channel: Name;
  readonly when: Condition;
}

/** Channel of a visit that no rule claims. */
export const UNASSIGNED = 'Unassigned' satisfies DefaultChannel;

const all = (...conditions: Condition[]): Condition => ({ all: conditions });
const any = (...conditions: Condition[]): Condition => ({ any: conditions });
const category = (name: SiteCategory): Condition => ({ category: name });
const oneOf = (field: ChannelField, ...values: string[]): Condition => ({ field, in: values });
const contains = (field: ChannelField, text: string): Condition => ({ field, contains: text });
const matches = (field: ChannelField, pattern: string): Condition => ({ field, matches: pattern });

const PAID = matches('medium', '^(.*cp.*|ppc|retargeting|paid.*)$');
const SHOPPING = any(category('shopping'), matches('campaign', '^(.*(([^a-df-z]|^)shop|shopping).*)$'));
const E_MAIL = ['email', 'e-mail', 'e_mail', 'e mail'];

/**
 * GA4's default channel group; the first rule that holds decides.
 * Source: support.google.com/analytics/answer/9756891, with the AI Assistant channel of May 2026. Display stands before
 * Paid Other, because `cpm` matches the pattern of paid media too. AI Assistant also takes assistants that name
 * themselves in utm_source without a medium.
 */
export const CHANNEL_RULES: readonly ChannelRule<DefaultChannel>[] = [
  { channel: 'Direct', when: all(oneOf('source', 'direct', '(direct)'), oneOf('medium', 'none', '(none)', '(not set)')) },
  { channel: 'Cross-network', when: contains('campaign', 'cross-network') },
  { channel: 'AI Assistant', when: any(oneOf('medium', 'ai-assistant'), all(category('ai'), oneOf('medium', 'referral', '(not set)'))) },
  { channel: 'Paid Shopping', when: all(SHOPPING, PAID) },
  { channel: 'Paid Search', when: all(category('search'), PAID) },
  { channel: 'Paid Social', when: all(category('social'), PAID) },
  { channel: 'Paid Video', when: all(category('video'), PAID) },
  { channel: 'Display', when: oneOf('medium', 'display', 'banner', 'expandable', 'interstitial', 'cpm') },
  { channel: 'Paid Other', when: PAID },
  { channel: 'Organic Shopping', when: SHOPPING },
  {
    channel: 'Organic Social',
    when: any(category('social'), oneOf('medium', 'social', 'social-network', 'social-media', 'sm', 'social network', 'social media')),
  },
  { channel: 'Organic Video', when: any(category('video'), contains('medium', 'video')) },
  { channel: 'Organic Search', when: any(category('search'), oneOf('medium', 'organic')) },
  { channel: 'Referral', when: oneOf('medium', 'referral', 'app', 'link') },
  { channel: 'Email', when: any(oneOf('source', ...E_MAIL), oneOf('medium', ...E_MAIL)) },
  { channel: 'Affiliates', when: oneOf('medium', 'affiliate') },
  { channel: 'Audio', when: oneOf('medium', 'audio') },
  { channel: 'SMS', when: any(oneOf('source', 'sms'), oneOf('medium', 'sms')) },
  {
    channel: 'Mobile Push Notifications',
    when: any(matches('medium', 'push$'), matches('medium', 'mobile|notification'), oneOf('source', 'firebase')),
  },
];

/** The rules of a project: its own, then the default group. */
export function projectRules(channels: Pick<ChannelsConfig, 'rules'>): readonly ChannelRule[] {
  return [...channels.rules.map(({ channel, when }) => ({ channel, when: conditionOf(when) })), ...CHANNEL_RULES];
}

/** Which texts the project's own rules ask about. */
export function askedFields(channels: Pick<ChannelsConfig, 'rules'>): ReadonlySet<ChannelField> {
  const fieldsOf = (when: ChannelCondition): ChannelField[] => [
    ...CHANNEL_FIELDS.filter((field) => when[field] !== undefined),
    ...[...(when.all ?? []), ...(when.any ?? [])].flatMap(fieldsOf),
  ];
  return new Set(channels.rules.flatMap(({ when }) => fieldsOf(when)));
}

function conditionOf(when: ChannelCondition): Condition {
  const own = CHANNEL_FIELDS.flatMap((field) => {
    const test = when[field];
    return test ? [comparison(field, test)] : [];
  });
  const parts = [...own, ...(when.all ?? []).map(conditionOf), ...(when.any ? [any(...when.any.map(conditionOf))] : [])];
  return all(...parts);
}

function comparison(field: ChannelField, test: TextTest): Condition {
  if (test.equals !== undefined) return oneOf(field, test.equals.toLowerCase());
  if (test.in !== undefined) return oneOf(field, ...test.in.map((text) => text.toLowerCase()));
  if (test.contains !== undefined) return contains(field, test.contains.toLowerCase());
  if (test.startsWith !== undefined) return { field, startsWith: test.startsWith.toLowerCase() };
  // The text is lower-cased, the pattern is not: `\S` is not `\s`.
  return matches(field, `(?i)${test.matches ?? ''}`);
}

/** What {@link channelOf} reads; `category` is NULL where the kind of site is not known. Texts that are left out are empty. */
export interface ChannelInput extends Readonly<Partial<Record<ChannelField, Sql>>> {
  readonly source: Sql;
  readonly medium: Sql;
  readonly campaign: Sql;
  readonly category: Sql;
}

/** The channel as a SQL expression over the given ones; NULL inputs fit no condition. */
export function channelOf(dialect: Dialect, input: ChannelInput, rules: readonly ChannelRule[] = CHANNEL_RULES): Sql {
  const cases = rules.map((rule) => sql`when ${condition(dialect, input, rule.when)} then ${rule.channel}`);
  return sql`case ${join(cases, '\n      ')} else ${UNASSIGNED} end`;
}

/** Whether a medium is a paid one, by the same pattern as the channels. */
export function isPaid(dialect: Dialect, medium: Sql): Sql {
  return condition(dialect, { source: medium, medium, campaign: medium, category: medium }, PAID);
}

function condition(dialect: Dialect, input: ChannelInput, when: Condition): Sql {
  if ('all' in when) return group(dialect, input, when.all, ' and ');
  if ('any' in when) return group(dialect, input, when.any, ' or ');
  if ('category' in when) return sql`coalesce(${input.category} = ${when.category}, false)`;
  const given = input[when.field];
  if (given === undefined) return raw('false');
  const text = dialect.lower(sql`coalesce(${given}, '')`);
  if ('matches' in when) return dialect.regexpContains(text, when.matches);
  if ('contains' in when) return sql`strpos(${text}, ${when.contains}) > 0`;
  if ('startsWith' in when) return sql`starts_with(${text}, ${when.startsWith})`;
  return sql`${text} in (${join(when.in.map((value) => sql`${value}`))})`;
}

function group(dialect: Dialect, input: ChannelInput, conditions: readonly Condition[], word: string): Sql {
  return sql`(${join(
    conditions.map((part) => condition(dialect, input, part)),
    word,
  )})`;
}
