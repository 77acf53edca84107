import type { Config } from '../../config/schema.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import { REPORT_CREDITS, REPORT_SESSIONS } from '../reports/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { mediumOf } from '../sessions/traffic-source.ts';
import type { Step } from '../step.ts';
import { adMatches } from './ad-matches.ts';
import { AD_SIGNALS, adSignals } from './ad-reference.ts';
import { AD_REFERENCES, REPORT_ADS } from './tables.ts';

const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/**
 * The references of the reports and the costs → ad_references, report_ads. Only references are looked at, never all sessions:
 * of a new one, one session is. As every night matches all of them anew, costs that come late or are renamed find the sessions
 * that came before.
 */
export const ads: Step = async ({ warehouse, config }) => {
  const added = await addReferences(warehouse, config);
  const { deleted } = await forgetReferences(warehouse);
  const matches = await warehouse.merge(REPORT_ADS, adMatches(warehouse.dialect, config), { deleteUnmatched: true, label: 'ads' });
  return { changes: { ad_references: { ...added, deleted }, report_ads: matches }, warnings: await otherwiseNamed(warehouse, config) };
};

/** The signals of references that are new: a reference is their hash, so that what it means never changes. */
async function addReferences(warehouse: Warehouse, { costs }: Config): Promise<Change> {
  const label = 'ads: new references';
  const unknownFacts = sql`
    from ${table(REPORT_SESSIONS.name)} as facts
    left join ${table(AD_REFERENCES.name)} as known on known.ad_reference = facts.ad_reference
    where facts.ad_reference is not null and known.ad_reference is null`;
  if (!(await isAny(warehouse, sql`select facts.ad_reference ${unknownFacts}`, label))) return NOTHING;
  const unknown = sql`select facts.ad_reference, min(facts.session_id) as session_id ${unknownFacts} group by facts.ad_reference`;
  const signals = adSignals(warehouse.dialect, 'sessions', costs);
  const rows = sql`
    select unknown.ad_reference, ${join(AD_SIGNALS.map((name) => sql`${signals[name]} as ${raw(name)}`))}
    from ${table(SESSIONS.name)} as sessions
    inner join (${unknown}) as unknown on unknown.session_id = sessions.session_id`;
  return warehouse.append(AD_REFERENCES, rows, label);
}

/** References that no fact carries any more go: with the sessions of persons who were erased, too. */
async function forgetReferences(warehouse: Warehouse): Promise<Change> {
  const label = 'ads: unused references';
  const facts = [REPORT_SESSIONS, REPORT_CREDITS].map(({ name }) => sql`select distinct ad_reference from ${table(name)}`);
  const unused = sql`
    select known.ad_reference
    from ${table(AD_REFERENCES.name)} as known
    left join (${join(facts, ' union distinct ')}) as used on used.ad_reference = known.ad_reference
    where used.ad_reference is null`;
  return (await isAny(warehouse, unused, label)) ? warehouse.delete(AD_REFERENCES, unused, { label }) : NOTHING;
}

/** Whether a query has rows: to find that it has none takes a fraction of the time of a write. */
async function isAny(warehouse: Warehouse, query: Sql, label: string): Promise<boolean> {
  return (await warehouse.rows(sql`select 1 as one from (${query}) as found limit 1`, label)).length > 0;
}

/** Click ids name their platform; costs that call it otherwise never meet its sessions. */
async function otherwiseNamed(warehouse: Warehouse, { costs, channels }: Config): Promise<string[]> {
  const arrivals = await warehouse.rows<{ platform: string; source: string; medium: string }>(
    sql`
      select distinct platform, source, medium
      from ${table(AD_REFERENCES.name)}
      where platform is not null
      order by platform nulls first, source nulls first, medium nulls first`,
    'ads: platforms',
  );
  return arrivals.flatMap(({ platform, source, medium }) => {
    const at = costs.findIndex((cost) => cost.source.toLowerCase() === source && mediumOf(cost.medium, channels) === medium);
    const called = costs[at]?.platform;
    if (called === undefined || costs.some((cost) => cost.platform === platform)) return [];
    return [
      `costs[${at}].platform: "${called}": sessions of ${source} / ${medium} carry the click id of ${platform}, and no cost is of that platform; ` +
        `they are matched with these costs once it is called "${platform}"`,
    ];
  });
}
