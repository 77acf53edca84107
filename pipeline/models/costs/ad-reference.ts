import { type CostSource, adParameters } from '../../config/costs.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';

/** What a session says about the ad it came from. The ids are of its landing address; all texts are trimmed and in small letters. */
export const AD_SIGNALS = [
  'platform',
  'source',
  'medium',
  'given_campaign_id',
  'given_ad_group_id',
  'given_ad_id',
  'utm_id',
  'utm_campaign',
  'utm_term',
  'utm_content',
] as const;
export type AdSignal = (typeof AD_SIGNALS)[number];

/**
 * The signals of a session as expressions over the columns of `sessions`; NULL where it says nothing of the kind.
 * @param alias of `sessions` in the query.
 * @param costs the cost sources: they may name parameters of landing addresses that carry ids.
 */
export function adSignals(dialect: Dialect, alias: string, costs: readonly CostSource[]): Readonly<Record<AdSignal, Sql>> {
  const column = (name: string) => raw(`${alias}.${name}`);
  const text = (value: Sql) => sql`nullif(${dialect.lower(dialect.trim(value))}, '')`;
  const given = (level: 'campaignId' | 'adGroupId' | 'adId') => parameterValue(dialect, column('landing_url'), adParameters(costs, level));
  return {
    platform: column('ad_platform'),
    source: column('source'),
    medium: column('medium'),
    given_campaign_id: given('campaignId'),
    given_ad_group_id: given('adGroupId'),
    given_ad_id: given('adId'),
    utm_id: text(column('utm_id')),
    utm_campaign: text(column('utm_campaign')),
    utm_term: text(column('utm_term')),
    utm_content: text(column('utm_content')),
  };
}

/**
 * What a session says about the ad it came from, as one integer: the first 60 bits of the SHA-256 of its signals. Sessions
 * of one reference are of one ad. NULL where a session says nothing.
 *
 * Which ad that is is a matter of the costs, which come later and are renamed: `report_ads` has it by reference, so that facts
 * need not be written again.
 * @param alias of `sessions` in the query.
 * @param costs the cost sources of the config.
 */
export function adReference(dialect: Dialect, alias: string, costs: readonly CostSource[]): Sql {
  const signals = adSignals(dialect, alias, costs);
  const { given_campaign_id, given_ad_group_id, given_ad_id, ...told } = signals;
  const tags = ['ad_platform', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_id', 'utm_term', 'utm_content'];
  const isTagged = raw(`coalesce(${tags.map((name) => `${alias}.${name}`).join(', ')}) is not null`);
  const isGiven = sql`coalesce(${join([given_campaign_id, given_ad_group_id, given_ad_id])}) is not null`;
  // An id of an address holds no "&"; the lengths keep the other signals from reading like each other.
  const ids = [given_campaign_id, given_ad_group_id, given_ad_id].map((value) => sql`coalesce(${value}, '')`);
  const part = (value: Sql) => sql`coalesce(${dialect.concat(dialect.castText(sql`length(${value})`), raw("':'"), value)}, '-')`;
  const hash = dialect.sha256Hex(dialect.concat(...ids.flatMap((id) => [id, raw("'&'")]), ...Object.values(told).map(part)));
  return sql`case when ${isTagged} or ${isGiven} then cast(${dialect.concat(raw("'0x'"), sql`substr(${hash}, 1, 15)`)} as int64) end`;
}

/** The value of the first of these parameters, in small letters, that an address gives one; they are asked in their order. */
function parameterValue(dialect: Dialect, url: Sql, names: readonly string[]): Sql {
  const patterns = names.map((name) => name.replaceAll(/[.-]/g, '[$&]'));
  const address = sql`substr(${url}, 1, strpos(${dialect.concat(url, raw("'#'"))}, '#') - 1)`;
  const values = patterns.map((pattern) => dialect.lower(dialect.regexpExtract(address, `(?i)[?&]${pattern}=([^&]+)`)));
  // Most addresses have none of them: one look tells.
  return sql`case when ${dialect.regexpContains(url, `(?i)[?&](?:${patterns.join('|')})=`)} then coalesce(${join(values)}) end`;
}
