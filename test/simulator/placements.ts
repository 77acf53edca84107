/** The ads Fernhill pays for. */

/** An ad that is billed: one row per day in the platform's cost export. */
export interface Placement {
  readonly key: string;
  readonly platform: 'google_ads' | 'linkedin_ads' | 'microsoft_ads' | 'meta_ads';
  readonly accountId: string;
  readonly campaignId: string;
  readonly campaign: string;
  readonly adGroupId: string;
  readonly adGroup: string;
  readonly adId: string;
  readonly ad: string;
  /** utm_term of search ads. */
  readonly term?: string;
  readonly landing: string;
  /** Mean cost of a click, in cents. */
  readonly clickCents: number;
  readonly clickThroughRate: number;
}

const GOOGLE = { platform: 'google_ads', accountId: '4182207731', clickThroughRate: 0.048 } as const;
const LINKEDIN = { platform: 'linkedin_ads', accountId: '508116432', clickThroughRate: 0.006 } as const;
const MICROSOFT = { platform: 'microsoft_ads', accountId: 'F118K2QX', clickThroughRate: 0.031 } as const;
const META = { platform: 'meta_ads', accountId: '1090447718255431', clickThroughRate: 0.011 } as const;

export const PLACEMENTS: readonly Placement[] = [
  {
    ...GOOGLE,
    key: 'google_brand',
    campaignId: '21040010',
    campaign: 'Brand DACH',
    adGroupId: '31001',
    adGroup: 'fernhill exact',
    adId: '41001',
    ad: 'Fernhill official site',
    term: 'fernhill software',
    landing: '/',
    clickCents: 190,
  },
  {
    ...GOOGLE,
    key: 'google_scheduling',
    campaignId: '21040020',
    campaign: 'Scheduling Software DACH',
    adGroupId: '31002',
    adGroup: 'scheduling software',
    adId: '41002',
    ad: 'Plan every crew in minutes',
    term: 'crew scheduling software',
    landing: '/features/scheduling',
    clickCents: 2650,
  },
  {
    ...GOOGLE,
    key: 'google_dispatch',
    campaignId: '21040030',
    campaign: 'Dispatch Software DACH',
    adGroupId: '31003',
    adGroup: 'dispatch software',
    adId: '41003',
    ad: 'Dispatch without the phone marathon',
    term: 'dispatch software',
    landing: '/features/dispatch',
    clickCents: 2300,
  },
  {
    ...MICROSOFT,
    key: 'microsoft_scheduling',
    campaignId: '77310021',
    campaign: 'Scheduling Software DACH',
    adGroupId: '78001',
    adGroup: 'scheduling software',
    adId: '79001',
    ad: 'Crew scheduling made simple',
    term: 'crew planner',
    landing: '/features/scheduling',
    clickCents: 1640,
  },
  {
    ...LINKEDIN,
    key: 'linkedin_guide',
    campaignId: '630118',
    campaign: 'Dispatching Guide',
    adGroupId: '640118',
    adGroup: 'Operations leads DACH',
    adId: '650118',
    ad: 'Free guide: dispatching without chaos',
    landing: '/guide/dispatching',
    clickCents: 1290,
  },
  {
    ...LINKEDIN,
    key: 'linkedin_demo',
    campaignId: '630125',
    campaign: 'Book a Demo',
    adGroupId: '640125',
    adGroup: 'Owners of trades businesses',
    adId: '650125',
    ad: 'See your week in Fernhill',
    landing: '/',
    clickCents: 1720,
  },
  {
    ...META,
    key: 'meta_owners',
    campaignId: '120210447001',
    campaign: 'Lookalike Owners',
    adGroupId: '120210447101',
    adGroup: 'Lookalike 1 percent',
    adId: '120210447201',
    ad: 'Crew planning video',
    landing: '/customers',
    clickCents: 240,
  },
];

export function placementOf(key: string): Placement {
  const placement = PLACEMENTS.find((candidate) => candidate.key === key);
  if (!placement) throw new Error(`no placement "${key}"`);
  return placement;
}
