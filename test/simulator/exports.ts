/** What the other systems export: the CRM's tables and the ad platforms' costs, as CSV. */
import { claimedLeads } from './claims.ts';
import { PLACEMENTS, type Placement } from './placements.ts';
import type { World } from './world.ts';

/** All files, by path below the example's folder. */
export function exportFiles(world: World): Map<string, string> {
  const files = new Map<string, string>([
    ['crm/leads.csv', leadsCsv(world)],
    ['crm/deals.csv', dealsCsv(world)],
    ['crm/deal_stages.csv', dealStagesCsv(world)],
  ]);
  const claims = claimedLeads(world);
  for (const platform of new Set(PLACEMENTS.map((placement) => placement.platform))) {
    files.set(`costs/${platform}.csv`, costsCsv(world, platform, claims));
  }
  return files;
}

function leadsCsv(world: World): string {
  const header = ['lead_id', 'created_at', 'email', 'anonymous_id', 'form', 'mql_at', 'hand_raised_at'];
  return csv(
    header,
    world.leads.map((lead) => [
      lead.leadId,
      instant(lead.createdAt),
      lead.email,
      lead.device?.anonymousId ?? '',
      lead.form,
      instant(lead.mqlAt),
      instant(lead.handRaisedAt),
    ]),
  );
}

function dealsCsv(world: World): string {
  const header = ['deal_id', 'lead_id', 'name', 'created_at', 'stage', 'closed_at', 'amount', 'currency'];
  return csv(
    header,
    world.deals.map((deal) => [
      deal.dealId,
      deal.lead.leadId,
      deal.name,
      instant(deal.createdAt),
      deal.stages.at(-1)!.stage,
      deal.closedOn ?? '',
      money(deal.amountCents),
      'EUR',
    ]),
  );
}

function dealStagesCsv(world: World): string {
  const rows = world.deals.flatMap((deal) => deal.stages.map(({ stage, enteredAt }) => [deal.dealId, stage, instant(enteredAt)]));
  return csv(['deal_id', 'stage', 'entered_at'], rows);
}

function costsCsv(world: World, platform: Placement['platform'], claims: ReadonlyMap<string, number>): string {
  const header = [
    'date',
    'account_id',
    'campaign_id',
    'campaign',
    'ad_group_id',
    'ad_group',
    'ad_id',
    'ad',
    'cost',
    'impressions',
    'clicks',
    'platform_conversions',
  ];
  const placements = new Map(
    PLACEMENTS.filter((placement) => placement.platform === platform).map((placement) => [placement.key, placement]),
  );
  const rows: string[][] = [];
  for (const { placement, date, costCents, impressions, clicks } of world.costs) {
    const ad = placements.get(placement);
    if (!ad) continue;
    const place = [ad.accountId, ad.campaignId, ad.campaign, ad.adGroupId, ad.adGroup, ad.adId, ad.ad];
    const claimed = claims.get(`${placement} ${date}`) ?? 0;
    rows.push([date, ...place, money(costCents), String(impressions), String(clicks), String(claimed)]);
  }
  return csv(header, rows);
}

const instant = (time: number | undefined) => (time === undefined ? '' : new Date(time).toISOString().replace('.000Z', 'Z'));
const money = (cents: number) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

const field = (text: string) => (/[",\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** RFC 4180, with line feeds. */
function csv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((row) => row.map(field).join(',') + '\n').join('');
}
