import { PAGES } from '../../../pipeline/dashboard/pages/index.ts';

/** A view of the dashboard that is looked at: on a picture, by axe, for its time. */
export interface DashboardView {
  /** For file names. */
  readonly name: string;
  readonly address: string;
  /** Looked at by axe as well, which takes seconds. */
  readonly inTests?: boolean;
}

const WHOLE = 'from=2025-11-01&to=2026-06-30';

/** Every page with its defaults, and the views of them that look different. */
export const VIEWS: readonly DashboardView[] = [
  ...PAGES.map(({ path }) => ({ name: path === '/' ? 'overview' : path.slice(1).replaceAll('/', '-'), address: path, inTests: true })),
  { name: 'overview-whole', address: `/?${WHOLE}&compare=none` },
  {
    name: 'channels-models',
    address: `/channels?${WHOLE}&compare=none&conversion=lead&conversion=closed_won&model=first_click&model=last_click&model=last_significant_click`,
    inTests: true,
  },
  { name: 'channels-campaigns', address: `/channels?${WHOLE}&in.channel=Paid+Search&by=campaign` },
  { name: 'channels-filling', address: '/channels?basis=click_time&period=90d' },
  { name: 'channels-empty', address: '/channels?filter=channel%3DNowhere' },
];
