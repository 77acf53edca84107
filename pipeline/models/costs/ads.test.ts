import { afterAll, beforeAll, expect, test } from 'vitest';
import { syncCosts } from '../../sources/costs.ts';
import { type World, openWorld } from '../../testing/world.ts';
import { raw } from '../../warehouse/sql.ts';
import { reports } from '../reports/reports.ts';
import { REPORT_SESSIONS } from '../reports/tables.ts';
import { ads } from './ads.ts';
import { AD_REFERENCES, REPORT_ADS } from './tables.ts';
import { AD_CASES, AD_FILES, AD_PROJECT, FOUND, arriveWithAds } from './testing/ad-cases.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld(AD_PROJECT);
  await arriveWithAds(world);
  await world.run(syncCosts, reports, ads);
});
afterAll(() => world.close());

test.each(AD_CASES)('a session is of the ad that it says: %s', async (name, _, found) => {
  const rows = await world.rows(`${FOUND} where facts.session_id = '${name}'`);
  expect(rows.map(({ session_id: _id, ...row }) => Object.values(row))).toEqual([found]);
});

test('a session is from an ad where its platform or campaign is known, or its medium is that of paid placements', async () => {
  const rows = await world.rows(`select facts.session_id, ads.is_ad from report_sessions as facts
    inner join report_ads as ads on ads.ad_reference = facts.ad_reference order by facts.session_id`);
  expect(rows.filter(({ is_ad }) => is_ad === false).map(({ session_id }) => session_id)).toEqual(['a name as id', 'newsletter']);
  expect(rows.length).toBe(AD_CASES.length);
});

test('a reference stands for what a session says: the same where it says the same, none where it says nothing', async () => {
  const rows = await world.rows('select session_id, cast(ad_reference as varchar) as reference from report_sessions');
  const references = new Map(rows.map(({ session_id, reference }) => [session_id, reference]));
  expect(references.get('gad')).toBe(references.get('case'));
  // What cannot be told apart by what it says: a parameter behind the # is none, and one whose name only ends alike.
  expect(references.get('fragment')).toBe(references.get('platform'));
  expect(references.get('part')).toBe(references.get('platform'));
  expect(new Set(references.values()).size).toBe(AD_CASES.length - 3);
});

test('costs that come late, are renamed or vanish find the sessions that came before; a night without news writes nothing', async () => {
  const night = () => world.run(syncCosts, reports, ads);
  const campaign = async (name: string) =>
    (
      await world.rows(`select ads.campaign, ads.matched_by from (${FOUND} where facts.session_id = '${name}') as found
      inner join report_sessions as facts on facts.session_id = found.session_id
      inner join report_ads as ads on ads.ad_reference = facts.ad_reference`)
    )[0];
  const before = AD_FILES['google.csv']!;
  const write = (...lines: readonly string[]) => world.file('google.csv', [...before, ...lines].join('\n') + '\n');
  for (const { changes } of await night()) {
    for (const [name, change] of Object.entries(changes)) expect(change, name).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  }
  expect(await campaign('unknown id')).toEqual({ campaign: 'Crew Always On', matched_by: 'campaign_name' });
  await write('2026-03-04,100,North,9,New,,,,,1,10,1');
  await night();
  expect(await campaign('unknown id')).toEqual({ campaign: 'New', matched_by: 'campaign_id' });
  await write('2026-03-04,100,North,9,New,,,,,1,10,1', '2026-03-05,100,North,9,Newer,,,,,1,10,1');
  await night();
  expect(await campaign('unknown id')).toEqual({ campaign: 'Newer', matched_by: 'campaign_id' });
  expect(await world.rows("select distinct campaign from costs where campaign_id = '9'")).toEqual([{ campaign: 'Newer' }]);
  await write();
  const [, , matches] = await night();
  expect(await campaign('unknown id')).toEqual({ campaign: 'Crew Always On', matched_by: 'campaign_name' });
  expect(matches!.changes['report_ads']).toEqual({ inserted: 0, updated: 1, deleted: 0 });
});

test('what no session refers to any more is forgotten; nights leave what one build over everything makes', async () => {
  const gone = ['gad', 'case', 'newsletter'];
  const keys = gone.map((name) => `select '${name}' as session_id`).join(' union all ');
  await world.warehouse.delete(REPORT_SESSIONS, raw(keys));
  const [result] = await world.run(ads);
  const none = { inserted: 0, updated: 0 };
  expect(result!.changes).toEqual({ ad_references: { ...none, deleted: 2 }, report_ads: { ...none, deleted: 2 } });
  const contents = () =>
    world.rows('select * replace (cast(ad_reference as varchar) as ad_reference) from report_ads order by report_ads.ad_reference');
  const nightly = await contents();
  for (const target of [AD_REFERENCES, REPORT_ADS]) await world.warehouse.load(target, [], { replace: true });
  await world.run(ads);
  expect(await contents()).toEqual(nightly);
  expect(await world.rows('select count(*) as rows from ad_references')).toEqual([{ rows: nightly.length }]);
});

test('without costs, sessions are of their platform and of nothing else', async () => {
  const other = await openWorld();
  try {
    await arriveWithAds(other);
    await other.run(syncCosts, reports, ads);
    expect(
      await other.rows(`select distinct ad_platform, campaign_id, matched_by from (${FOUND}) as found order by ad_platform nulls first`),
    ).toEqual([
      { ad_platform: null, campaign_id: null, matched_by: null },
      ...['google_ads', 'linkedin_ads', 'microsoft_ads'].map((ad_platform) => ({ ad_platform, campaign_id: null, matched_by: 'platform' })),
    ]);
  } finally {
    await other.close();
  }
});

test('costs whose platform is not called as the click ids call it are told: they would never meet their sessions', async () => {
  const other = await openWorld({ costs: [{ csv: 'google.csv', platform: 'adwords', source: 'Google', medium: 'cpc' }] });
  try {
    await arriveWithAds(other);
    const [, , { warnings }] = (await other.run(syncCosts, reports, ads)) as [unknown, unknown, { warnings: readonly string[] }];
    expect(warnings).toEqual([
      'costs[0].platform: "adwords": sessions of google / cpc carry the click id of google_ads, and no cost is of that platform; ' +
        'they are matched with these costs once it is called "google_ads"',
    ]);
    expect((await world.run(ads))[0]!.warnings).toEqual([]);
  } finally {
    await other.close();
  }
});
