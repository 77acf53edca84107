import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, sql } from '../../warehouse/sql.ts';
import type { SiteCategory } from './sites.ts';

type Field = 'source' | 'medium' | 'campaign';

/** A condition over the lower-cased source, medium and campaign and over the kind of site the source is. */
type Condition =
  | { readonly field: Field; readonly in: readonly string[] }
  | { readonly field: Field; readonly matches: string }
  | { readonly category: SiteCategory }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

export interface ChannelRule {
  readonly channel: string;
  readonly when: Condition;
}

/** Channel of a visit that no rule claims. */
export const UNASSIGNED = 'Unassigned';

const all = (...conditions: Condition[]): Condition => ({ all: conditions });
const any = (...conditions: Condition[]): Condition => ({ any: conditions });
const category = (name: SiteCategory): Condition => ({ category: name });
const oneOf = (field: Field, ...values: string[]): Condition => ({ field, in: values });
const matches = (field: Field, pattern: string): Condition => ({ field, matches: pattern });

const PAID = matches('medium', '^(.*cp.*|ppc|retargeting|paid.*)$');
const SHOPPING = any(category('shopping'), matches('campaign', '^(.*(([^a-df-z]|^)shop|shopping).*)$'));
const E_MAIL = ['email', 'e-mail', 'e_mail', 'e mail'];

/**
 * GA4's default channel group; the first rule that holds decides.
 * Source: support.google.com/analytics/answer/9756891, with the AI Assistant channel of May 2026. Display stands before
 * Paid Other, because `cpm` matches the pattern of paid media too. AI Assistant also takes assistants that name
 * themselves in utm_source without a medium.
 */
export const CHANNEL_RULES: readonly ChannelRule[] = [
  { channel: 'Direct', when: all(oneOf('source', 'direct', '(direct)'), oneOf('medium', 'none', '(none)', '(not set)')) },
  { channel: 'Cross-network', when: matches('campaign', 'cross-network') },
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
  { channel: 'Organic Video', when: any(category('video'), matches('medium', '^(.*video.*)$')) },
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

/** What {@link channelOf} reads; `category` is NULL where the kind of site is not known. */
export interface ChannelInput extends Readonly<Record<Field, Sql>> {
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
  const text = sql`lower(coalesce(${input[when.field]}, ''))`;
  if ('matches' in when) return dialect.regexpContains(text, when.matches);
  return sql`${text} in (${join(when.in.map((value) => sql`${value}`))})`;
}

function group(dialect: Dialect, input: ChannelInput, conditions: readonly Condition[], word: string): Sql {
  return sql`(${join(
    conditions.map((part) => condition(dialect, input, part)),
    word,
  )})`;
}
