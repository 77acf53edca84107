/** Fernhill, a fictional maker of scheduling software for field crews: its ads, partners, pages and newsletter. */
import type { Channel } from './world.ts';

export const SITE = 'https://www.fernhill.example';

/** Ways to find Fernhill. `share` is of first visits; rates are of people, then of leads, then of opportunities. */
export interface Source {
  readonly key: string;
  readonly channel: Channel;
  readonly share: number;
  /** Billed ads of which one was clicked. */
  readonly placements?: readonly string[];
  /** Referring addresses of unpaid visits. */
  readonly referrers?: readonly string[];
  readonly landings: readonly string[];
  readonly leadRate: number;
  /** Share of its leads that ask for a demo at once; the others subscribe to the newsletter. */
  readonly demoShare: number;
  readonly mqlRate: number;
  readonly opportunityRate: number;
  readonly winRate: number;
  readonly amountEuro: number;
}

const PAGES_OF_ENTRY = ['/', '/features/scheduling', '/features/dispatch', '/blog/rota-planning', '/blog/route-planning'];

/** LinkedIn brings many leads and few deals; search, partners and assistants the other way round: the funnel flips ranks. */
export const SOURCES: readonly Source[] = [
  {
    key: 'google_ads',
    channel: 'Paid Search',
    share: 0.18,
    placements: ['google_scheduling', 'google_dispatch'],
    landings: [],
    leadRate: 0.056,
    demoShare: 0.62,
    mqlRate: 0.55,
    opportunityRate: 0.42,
    winRate: 0.5,
    amountEuro: 14_000,
  },
  {
    key: 'google_brand',
    channel: 'Paid Search',
    share: 0.05,
    placements: ['google_brand'],
    landings: [],
    leadRate: 0.085,
    demoShare: 0.7,
    mqlRate: 0.6,
    opportunityRate: 0.5,
    winRate: 0.55,
    amountEuro: 15_000,
  },
  {
    key: 'microsoft_ads',
    channel: 'Paid Search',
    share: 0.04,
    placements: ['microsoft_scheduling'],
    landings: [],
    leadRate: 0.055,
    demoShare: 0.6,
    mqlRate: 0.55,
    opportunityRate: 0.42,
    winRate: 0.52,
    amountEuro: 17_000,
  },
  {
    key: 'linkedin_ads',
    channel: 'Paid Social',
    share: 0.14,
    placements: ['linkedin_guide', 'linkedin_demo'],
    landings: [],
    leadRate: 0.125,
    demoShare: 0.12,
    mqlRate: 0.34,
    opportunityRate: 0.3,
    winRate: 0.4,
    amountEuro: 11_000,
  },
  {
    key: 'meta_ads',
    channel: 'Paid Social',
    share: 0.08,
    placements: ['meta_owners'],
    landings: [],
    leadRate: 0.055,
    demoShare: 0.15,
    mqlRate: 0.2,
    opportunityRate: 0.15,
    winRate: 0.3,
    amountEuro: 6_000,
  },
  {
    key: 'organic_search',
    channel: 'Organic Search',
    share: 0.24,
    referrers: [
      'https://www.google.com/',
      'https://www.google.com/',
      'https://www.google.de/',
      'https://www.bing.com/',
      'https://duckduckgo.com/',
      'https://www.ecosia.org/',
    ],
    landings: PAGES_OF_ENTRY,
    leadRate: 0.04,
    demoShare: 0.55,
    mqlRate: 0.68,
    opportunityRate: 0.6,
    winRate: 0.62,
    amountEuro: 21_000,
  },
  {
    key: 'ai_assistant',
    channel: 'AI Assistant',
    share: 0.05,
    referrers: ['https://chatgpt.com/', 'https://chatgpt.com/', 'https://chatgpt.com/', 'https://www.perplexity.ai/', 'https://claude.ai/'],
    landings: ['/', '/pricing', '/features/scheduling'],
    leadRate: 0.065,
    demoShare: 0.72,
    mqlRate: 0.74,
    opportunityRate: 0.68,
    winRate: 0.7,
    amountEuro: 24_000,
  },
  {
    key: 'organic_social',
    channel: 'Organic Social',
    share: 0.06,
    referrers: ['https://www.linkedin.com/', 'https://www.reddit.com/', 'https://t.co/', 'https://www.facebook.com/'],
    landings: ['/', '/blog/rota-planning', '/customers'],
    leadRate: 0.02,
    demoShare: 0.3,
    mqlRate: 0.4,
    opportunityRate: 0.25,
    winRate: 0.35,
    amountEuro: 9_000,
  },
  {
    key: 'partner',
    channel: 'Referral',
    share: 0.04,
    referrers: [
      'https://www.toolscout.example/reviews/fernhill',
      'https://www.craftledger.example/integrations',
      'https://fieldtech-weekly.example/best-crew-planners',
    ],
    landings: ['/', '/pricing', '/customers'],
    leadRate: 0.07,
    demoShare: 0.65,
    mqlRate: 0.7,
    opportunityRate: 0.55,
    winRate: 0.62,
    amountEuro: 19_000,
  },
  {
    key: 'display',
    channel: 'Display',
    share: 0.03,
    referrers: ['https://www.handwerk-heute.example/'],
    landings: ['/'],
    leadRate: 0.008,
    demoShare: 0.2,
    mqlRate: 0.3,
    opportunityRate: 0.2,
    winRate: 0.3,
    amountEuro: 8_000,
  },
  {
    key: 'direct',
    channel: 'Direct',
    share: 0.09,
    referrers: [''],
    landings: ['/', '/pricing'],
    leadRate: 0.045,
    demoShare: 0.6,
    mqlRate: 0.6,
    opportunityRate: 0.5,
    winRate: 0.55,
    amountEuro: 16_000,
  },
];

export function sourceOf(key: string): Source {
  const source = SOURCES.find((candidate) => candidate.key === key);
  if (!source) throw new Error(`no source "${key}"`);
  return source;
}

/** How somebody who knows Fernhill comes back; the weights are relative. */
export const RETURNS = [
  { key: 'direct', weight: 44 },
  { key: 'organic_search', weight: 24 },
  { key: 'google_brand', weight: 12 },
  { key: 'linkedin_ads', weight: 6 },
  { key: 'ai_assistant', weight: 4 },
  { key: 'partner', weight: 4 },
  { key: 'own_app', weight: 4 },
  { key: 'organic_social', weight: 2 },
] as const;

export const INNER_PAGES = [
  '/',
  '/pricing',
  '/features/scheduling',
  '/features/dispatch',
  '/features/mobile-app',
  '/customers',
  '/blog/rota-planning',
  '/blog/route-planning',
  '/security',
  '/about',
];

export const PAGE_TITLES: Readonly<Record<string, string>> = {
  '/': 'Fernhill: the week of every crew, planned',
  '/pricing': 'Pricing',
  '/demo': 'Request a demo',
  '/newsletter': 'The Crew Letter',
  '/guide/dispatching': 'Guide: dispatching without chaos',
  '/features/scheduling': 'Scheduling',
  '/features/dispatch': 'Dispatch',
  '/features/mobile-app': 'Mobile app',
  '/customers': 'Customers',
  '/blog/rota-planning': 'Seven mistakes in rota planning',
  '/blog/route-planning': 'Route planning that survives the first call',
  '/security': 'Security',
  '/about': 'About us',
  '/login': 'Log in',
  '/status-board': 'Status board',
};

/** What visitors do on a page beside reading it. */
export const ACTIVITIES = [
  { path: '/pricing', event: 'Pricing Calculator Used' },
  { path: '/features/scheduling', event: 'Product Video Played' },
  { path: '/features/dispatch', event: 'Product Video Played' },
  { path: '/customers', event: 'Case Study Opened' },
  { path: '/blog/rota-planning', event: 'Template Downloaded' },
] as const;

/** The newsletter goes out on every second Tuesday. */
export const NEWSLETTER_DATES = [
  '2025-11-04',
  '2025-11-18',
  '2025-12-02',
  '2025-12-16',
  '2026-01-13',
  '2026-01-27',
  '2026-02-10',
  '2026-02-24',
  '2026-03-10',
  '2026-03-24',
  '2026-04-07',
  '2026-04-21',
  '2026-05-05',
  '2026-05-19',
  '2026-06-02',
  '2026-06-16',
] as const;
