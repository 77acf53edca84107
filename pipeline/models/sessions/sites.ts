import { SPAM_SITES, TRANSIT_SITES } from './sites-excluded.ts';
import { AI_ASSISTANTS, MAIL_SITES, PLAIN_SITES, SHOPPING_SITES, VIDEO_SITES } from './sites-other.ts';
import { SEARCH_ENGINES } from './sites-search.ts';
import { SOCIAL_SITES } from './sites-social.ts';
import type { Site } from './sites-kinds.ts';

export { REFERRER_MEDIUM, type Site, type SiteCategory } from './sites-kinds.ts';

/** Sources and hosts whose kind is known. */
export const SITES: readonly Site[] = [
  ...SEARCH_ENGINES,
  ...SOCIAL_SITES,
  ...VIDEO_SITES,
  ...SHOPPING_SITES,
  ...AI_ASSISTANTS,
  ...MAIL_SITES,
  ...PLAIN_SITES,
  ...TRANSIT_SITES,
  ...SPAM_SITES,
];
