import { PAGES } from '../../../pipeline/dashboard/pages/index.ts';
import { hashOf } from '../../simulator/messages.ts';
import { STORY_EMAIL } from '../../simulator/story.ts';

/** A view of the dashboard that is looked at: on a picture, by axe, for its time. */
export interface DashboardView {
  /** For file names. */
  readonly name: string;
  readonly address: string;
}

const WHOLE = 'from=2025-11-01&to=2026-06-30';

/** Every page with its defaults, and the views of them that look different. */
export const VIEWS: readonly DashboardView[] = [
  ...PAGES.map(({ path }) => ({ name: path === '/' ? 'overview' : path.slice(1).replaceAll('/', '-'), address: path })),
  { name: 'overview-whole', address: `/?${WHOLE}&compare=none` },
  {
    name: 'channels-models',
    address: `/channels?${WHOLE}&compare=none&conversion=lead&conversion=closed_won&model=first_click&model=last_click&model=last_significant_click`,
  },
  { name: 'channels-campaigns', address: `/channels?${WHOLE}&in.channel=Paid+Search&by=campaign` },
  { name: 'channels-filling', address: '/channels?basis=click_time&period=90d' },
  { name: 'channels-empty', address: '/channels?filter=channel%3DNowhere' },
  { name: 'funnel-months', address: `/funnel?${WHOLE}&compare=none&interval=month&by=total&split=opportunity` },
  { name: 'funnel-stages', address: `/funnel?view=stages&${WHOLE}&compare=none` },
  { name: 'funnel-ads', address: `/funnel?view=ads&${WHOLE}&compare=none` },
  { name: 'funnel-events', address: `/funnel?view=events&${WHOLE}&compare=none` },
  { name: 'journeys-behind', address: `/journeys?${WHOLE}&conversion=lead&reached=closed_won&in.channel=Paid+Search` },
  { name: 'journey', address: `/journeys?email=${hashOf(STORY_EMAIL)}` },
];
