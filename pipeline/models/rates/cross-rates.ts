/** A rate as it is published: units of a currency for one unit of the base. */
export interface PublishedRate {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly rate: number;
}

/** Digits of a stored rate. More than any source publishes; one rounding, here, so that every engine stores the same. */
const SIGNIFICANT_DIGITS = 12;

/**
 * Rates in units per one unit of the project's currency, through the base; rounded to 12 significant digits. A day on
 * which the project's currency has no rate has none at all.
 * @returns by day in the order of the first rate of each.
 */
export function crossRates(published: Iterable<PublishedRate>, base: string, projectCurrency: string): PublishedRate[] {
  const days = new Map<string, Map<string, number>>();
  for (const { date, currency, rate } of published) {
    const day = days.get(date) ?? new Map<string, number>();
    days.set(date, day.set(currency, rate));
  }
  const crossed: PublishedRate[] = [];
  for (const [date, rates] of days) {
    rates.set(base, 1);
    const own = rates.get(projectCurrency);
    if (own === undefined) continue;
    for (const [currency, rate] of rates) {
      if (currency === projectCurrency) continue;
      crossed.push({ date, currency, rate: Number((rate / own).toPrecision(SIGNIFICANT_DIGITS)) });
    }
  }
  return crossed;
}
