import { addDays } from '../../../pipeline/config/calendar.ts';
import { LAST_DAY } from '../reading/world.ts';

/** A view of a publication of a year, for a number of its request. */
export interface YearView {
  readonly name: string;
  /** Every number asks for another period, so that no answer is there already. */
  readonly address: (number: number) => string;
  /** Whether it counts distinct users. */
  readonly isDistinct: boolean;
}

/** So many days until the day `number` before the last one. */
const days = (count: number, number: number): string => {
  const end = addDays(LAST_DAY, -number);
  return `from=${addDays(end, 1 - count)}&to=${end}`;
};

const MODELS = ['first_click', 'last_click', 'last_significant_click', 'linear'].map((name) => `&model=${name}`).join('');
const BOTH = '&conversion=lead&conversion=closed_won';

/**
 * The pages that a generated publication has data for. It has no graph of identities, no runs, no visits in full and nothing
 * earlier: the pages Identity, Runs and Changes, and the journey of one person, are measured on the demo only.
 */
export const YEAR_VIEWS: readonly YearView[] = [
  { name: 'overview', address: (number) => `/?${days(28, number)}`, isDistinct: true },
  { name: 'overview of the year', address: (number) => `/?${days(335, number)}&compare=none`, isDistinct: true },
  { name: 'channels', address: (number) => `/channels?${days(28, number)}`, isDistinct: true },
  { name: 'channels of the year', address: (number) => `/channels?${days(335, number)}&compare=none`, isDistinct: true },
  { name: 'channels, four models', address: (number) => `/channels?${days(335, number)}&compare=none${BOTH}${MODELS}`, isDistinct: true },
  { name: 'campaigns', address: (number) => `/channels?${days(335, number)}&compare=none&by=campaign`, isDistinct: true },
  {
    name: 'campaigns of a channel',
    address: (number) => `/channels?${days(180, number)}&in.channel=Paid+Search&by=campaign`,
    isDistinct: true,
  },
  { name: 'landing pages', address: (number) => `/channels?${days(335, number)}&compare=none&by=landing_path`, isDistinct: true },
  { name: 'funnel', address: (number) => `/funnel?${days(180, number)}`, isDistinct: false },
  { name: 'journeys', address: (number) => `/journeys?${days(28, number)}`, isDistinct: false },
  { name: 'costs', address: (number) => `/costs?${days(335, number)}`, isDistinct: false },
];
