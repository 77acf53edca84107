import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { campaignColumns, clickIds } from '../../../../edge/collect/page.ts';
import { Config, type ConfigInput } from '../../../config/schema.ts';
import { type Sql, sql } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { CLICK_ID_KINDS } from '../click-ids.ts';
import { projectSites } from '../site-lookup.ts';
import { trafficSourceCtes } from '../traffic-source.ts';

/** Where a visit began, and what is expected of it. */
export interface Landing {
  /** An address, or a path and query of https://www.fernhill.example. */
  readonly landing: string;
  readonly referrer: string | null;
  readonly sourceMedium: string;
  readonly channel: string;
  readonly adPlatform: string | null;
  readonly reason: string;
}

/**
 * Addresses and referrers as platforms make them, with what is expected by GA4's published definitions and the rules of
 * docs/channels.md, written by hand. The site's own domain is fernhill.example.
 */
export const LANDINGS: readonly Landing[] = readFileSync(joinPath(import.meta.dirname, 'landings.tsv'), 'utf8')
  .split('\n')
  .slice(1)
  .filter((line) => line !== '' && !line.startsWith('# '))
  .map((line) => {
    const [landing, referrer, sourceMedium, channel, adPlatform, reason, ...more] = line.split('\t');
    if (reason === undefined || more.length > 0) throw new Error(`landings.tsv: expected six columns: ${line}`);
    return {
      landing: landing!,
      referrer: given(referrer!),
      sourceMedium: sourceMedium!,
      channel: channel!,
      adPlatform: given(adPlatform!),
      reason,
    };
  });

/** A cell, where it holds anything. */
function given(text: string): string | null {
  return text === '-' ? null : text;
}

/** What the SQL says of one visit. */
export interface Sourced {
  readonly sourceMedium: string;
  readonly channel: string;
  readonly adPlatform: string | null;
  readonly isDirect: boolean;
}

/** What the SQL should say of a landing. */
export function expectedOf({ sourceMedium, channel, adPlatform }: Landing): Sourced {
  return { sourceMedium, channel, adPlatform, isDirect: channel === 'Direct' };
}

/** What the real SQL says of visits, in their order; UTM parameters and click ids are read as the edge reads them. */
export async function sourced(
  warehouse: Warehouse,
  landings: readonly Pick<Landing, 'landing' | 'referrer'>[],
  changes: Pick<ConfigInput, 'channels' | 'costs'> = {},
): Promise<Sourced[]> {
  const config = Config.parse({
    project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' },
    site: { domains: ['www.fernhill.example'] },
    ...changes,
  });
  const sites = projectSites(config.site.domains, config.channels.sites);
  const rows = await warehouse.rows<Record<string, string | boolean | null>>(sql`
    with visits as (select * from ${visits(warehouse, landings)}),
    ${trafficSourceCtes(warehouse.dialect, 'visits', sites, config.costs, config.channels)}
    select session_key, source, medium, channel, ad_platform, is_direct from sourced_visits`);
  if (rows.length !== landings.length) throw new Error(`${landings.length} visits gave ${rows.length} rows`);
  const found = new Map(rows.map((row) => [row['session_key'], row]));
  return landings.map((_, i) => {
    const row = found.get(String(i))!;
    return {
      sourceMedium: `${String(row['source'])} / ${String(row['medium'])}`,
      channel: String(row['channel']),
      adPlatform: row['ad_platform'] as string | null,
      isDirect: row['is_direct'] === true,
    };
  });
}

function visits({ dialect }: Warehouse, landings: readonly Pick<Landing, 'landing' | 'referrer'>[]): Sql {
  const texts = ['session_key', 'landing_url', 'referrer', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_id'];
  return dialect.values(
    'visit',
    { ...Object.fromEntries(texts.map((name) => [name, 'STRING'] as const)), click_priority: 'INT64' },
    landings.map(({ landing, referrer }, i) => {
      const url = landing.startsWith('/') ? `https://www.fernhill.example${landing}` : landing;
      const campaign = campaignColumns({}, url);
      const priorities = clickIds({}, url).map((click) => CLICK_ID_KINDS.findIndex(({ name }) => name === click.name));
      return [
        String(i),
        url,
        referrer,
        campaign.utm_source,
        campaign.utm_medium,
        campaign.utm_campaign,
        campaign.utm_id,
        priorities.length > 0 ? Math.min(...priorities) : null,
      ];
    }),
  );
}
