import { addDays } from '../config/calendar.ts';
import { conditionOf } from '../query/condition-text.ts';
import type { DateRange } from '../query/dates.ts';
import type { DateInterval } from '../query/dimensions.ts';
import { type AttributedConversion, isMetricCondition } from '../query/schema.ts';
import { html, type Html } from './html.ts';
import type { PageContext } from './page.ts';
import { address, type DrillStep, stepParameter, type ViewState } from './state.ts';

/** The page that lists the conversions behind a figure, and shows the journey of each. */
export const JOURNEYS = '/journeys';

/** Of an address: stages of the funnel that leads reached, and those that they did not. */
export const REACHED = 'reached';
export const MISSED = 'missed';

interface BehindOptions {
  readonly basis?: ViewState['basis'];
  readonly interval?: DateInterval;
  readonly reached?: readonly string[];
  readonly missed?: readonly string[];
}

/**
 * The address of the conversions that a figure of this view is made of: the same period, filters and time basis.
 * @param row what the row of the figure is of, beside that; none for a total.
 * @param more the time basis where it is not that of the address, how long the dates of rows are, and of leads which stages of
 *   the funnel they reached, and which not.
 */
export function behindAddress(
  { params, state }: Pick<PageContext, 'params' | 'state'>,
  { conversion, model }: AttributedConversion,
  row: readonly DrillStep[] = [],
  { basis = state.basis, interval = 'day', reached = [], missed = [] }: BehindOptions = {},
): string {
  const next = new URLSearchParams();
  for (const [name, value] of params) {
    // A condition on a metric chooses rows of a report, which have been chosen.
    const isKept = name.startsWith(stepParameter('')) || (name === 'filter' && value !== '' && !isMetricCondition(conditionOf(value)));
    if (isKept || name === 'as_of') next.append(name, value);
  }
  const date = row.find(({ dimension, value }) => dimension === 'date' && value !== null)?.value;
  const range = date == null ? state.range : datesWithin(date, interval, state.range);
  const period = date == null && state.preset !== undefined ? { period: state.preset } : { from: range.start_date, to: range.end_date };
  const steps = row.filter(({ dimension }) => dimension !== 'date');
  return address(JOURNEYS, next, {
    ...period,
    conversion,
    model,
    basis,
    [REACHED]: reached,
    [MISSED]: missed,
    ...Object.fromEntries(steps.map(({ dimension, value }) => [stepParameter(dimension), value ?? ''])),
  });
}

/** The days that a date of a row stands for, as far as they lie in the period. */
function datesWithin(date: string, interval: DateInterval, { start_date, end_date }: DateRange): DateRange {
  const last = interval === 'day' ? date : interval === 'week' ? addDays(date, 6) : addDays(`${addDays(date, 31).slice(0, 8)}01`, -1);
  return { start_date: date < start_date ? start_date : date, end_date: last > end_date ? end_date : last };
}

/** A figure that leads to the conversions it is made of; of none it is plain text. */
export function behindLink(written: string, value: number | null, to: string): Html {
  return value === null || value === 0 ? html`${written}` : html`<a class="behind" href="${to}">${written}</a>`;
}
