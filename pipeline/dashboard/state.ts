import { UserError } from '../config/user-error.ts';
import type { PublishedConfig } from '../models/reports/publication.ts';
import { conditionOf } from '../query/condition-text.ts';
import { type DateRange, isDate } from '../query/dates.ts';
import { COMPARISONS, type Comparison, comparisonOf, periodNamed } from '../query/period.ts';
import type { Condition, TIME_BASES } from '../query/schema.ts';

/**
 * What a page shows, as its address says it: every view can be bookmarked, sent to a colleague, and asked for as CSV. Names
 * that a page does not know are kept, so that they survive a change of page.
 */
export interface ViewState {
  readonly range: DateRange;
  /** The period as it was named, where it was. */
  readonly preset?: string;
  readonly comparison: Comparison;
  readonly comparisonRange?: DateRange;
  readonly conversions: readonly string[];
  readonly models: readonly string[];
  readonly basis: (typeof TIME_BASES)[number];
  readonly filters: readonly Condition[];
  /** What the reader has gone into, from the outside: `in.channel=Paid Search`; an empty value is one that is not set. */
  readonly path: readonly DrillStep[];
  /** An earlier publication; undefined: the last one. */
  readonly asOf?: string;
}

/** One step into the data: a dimension and its value; null where it is not set. */
export interface DrillStep {
  readonly dimension: string;
  readonly value: string | null;
}

const STEP = 'in.';

/** The parameter of a step. */
export const stepParameter = (dimension: string): string => `${STEP}${dimension}`;

export interface StateDefaults {
  readonly config: PublishedConfig;
  /** The last full day that is published. */
  readonly lastDay: string;
  readonly published: DateRange | undefined;
  /** The period where the address names none. */
  readonly period?: string | undefined;
}

const DEFAULT_PERIOD = '28d';
const DEFAULT_MODELS = ['first_click', 'last_significant_click'];

/**
 * Reads the address of a page.
 * @throws UserError (exit code 2) that names the parameter, its value and what was expected.
 */
export function viewState(params: URLSearchParams, { config, lastDay, published, period }: StateDefaults): ViewState {
  const { range, preset } = rangeOf(params, lastDay, published, period);
  const comparison = oneOf('compare', params.get('compare') ?? 'previous', Object.keys(COMPARISONS) as Comparison[]);
  const comparisonRange = comparisonOf(range, comparison);
  const filterTexts = params.getAll('filter').filter((text) => text !== '');
  const path = [...params].flatMap(([name, value]): DrillStep[] =>
    name.startsWith(STEP) ? [{ dimension: name.slice(STEP.length), value: value === '' ? null : value }] : [],
  );
  const asOf = params.get('as_of');
  return {
    range,
    ...(preset !== undefined && { preset }),
    comparison,
    ...(comparisonRange && { comparisonRange }),
    conversions: chosen(
      params,
      'conversion',
      config.conversions.map(({ name }) => name),
      [config.funnel.at(-1) ?? config.conversions.at(-1)?.name],
    ),
    models: chosen(params, 'model', config.models, DEFAULT_MODELS),
    basis: oneOf('basis', params.get('basis') ?? 'conversion_time', ['conversion_time', 'click_time'] as const),
    filters: [...path.map(conditionOfStep), ...filterTexts.map((text) => conditionOf(text))],
    path,
    ...(asOf && { asOf }),
  };
}

function conditionOfStep({ dimension, value }: DrillStep): Condition {
  return value === null ? { field: dimension, operator: 'not_set' } : { field: dimension, operator: 'equals', value };
}

function rangeOf(
  params: URLSearchParams,
  lastDay: string,
  published: DateRange | undefined,
  usual: string = DEFAULT_PERIOD,
): { range: DateRange; preset?: string } {
  const from = params.get('from');
  const to = params.get('to');
  const named = params.get('period');
  if (from || to) {
    for (const [name, date] of [
      ['from', from],
      ['to', to],
    ] as const) {
      if (date && !isDate(date)) throw wrong(name, date, 'a date such as 2026-06-30');
    }
    const end_date = to || lastDay;
    const start_date = from || end_date;
    if (start_date > end_date) throw wrong('from', start_date, `a date that does not lie after ${end_date}`);
    const range = { start_date, end_date };
    // A form sends the dates of the period as well: it stays the named one where they have not been changed.
    const same = named ? periodNamed(named, lastDay, published) : undefined;
    const isNamed = same?.start_date === start_date && same.end_date === end_date;
    return named && isNamed ? { range, preset: named } : { range };
  }
  const preset = named || usual;
  const range = periodNamed(preset, lastDay, published);
  if (!range) throw wrong('period', preset, 'a period such as 28d, month, last-month, year or all');
  return { range, preset };
}

/** Names that are chosen, each once and in the order of the known ones; without a choice the usual ones, as far as they are known. */
function chosen(params: URLSearchParams, name: string, known: readonly string[], usual: readonly (string | undefined)[]): string[] {
  const given = params
    .getAll(name)
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '');
  if (given.length === 0) {
    const found = known.filter((one) => usual.includes(one));
    return found.length > 0 ? found : known.slice(0, 1);
  }
  given.forEach((one) => oneOf(name, one, known));
  return known.filter((one) => given.includes(one));
}

function oneOf<Name extends string>(parameter: string, value: string, known: readonly Name[]): Name {
  const found = known.find((one) => one === value);
  if (found === undefined)
    throw wrong(parameter, value, known.length > 0 ? `one of ${known.join(', ')}` : 'nothing: the config names none');
  return found;
}

function wrong(parameter: string, value: string, expected: string): UserError {
  return new UserError(`${parameter}=${value}: expected ${expected}`, { exitCode: 2 });
}

/** The address of a page with other parameters; `null` leaves one out, a list repeats it. */
export function address(
  path: string,
  params: URLSearchParams,
  changes: Readonly<Record<string, string | readonly string[] | null>> = {},
): string {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of value === null ? [] : typeof value === 'string' ? [value] : value) next.append(name, one);
  }
  const query = next.toString();
  return query === '' ? path : `${path}?${query}`;
}

/** What stays when a reader goes to another page: the period, what it is compared with, and the publication. */
export function carried(params: URLSearchParams): URLSearchParams {
  const kept = new URLSearchParams();
  for (const name of ['period', 'from', 'to', 'compare', 'as_of', 'model', 'conversion', 'basis']) {
    for (const value of params.getAll(name)) kept.append(name, value);
  }
  return kept;
}
