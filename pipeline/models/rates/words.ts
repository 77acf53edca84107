import { DAYS_OF_A_RATE } from './lookup.ts';

/** What is said where amounts are in another currency and the config names no rates. */
export function noRatesYet(currency: string): string {
  return (
    `there are no exchange rates to ${currency} yet. Save https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip, unpacked, ` +
    "as rates.csv and add `rates: { csv: 'rates.csv' }` to the config"
  );
}

/** What is said where no rate of these days is known. */
export function noRate(currency: string, firstDay: string, lastDay: string): string {
  const days = firstDay === lastDay ? `of ${firstDay}` : `between ${firstDay} and ${lastDay}`;
  return `no rate is known for ${currency} ${days}, nor of the ${DAYS_OF_A_RATE} days before`;
}

/** `1 value`, `1,234 values`. */
export const counted = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
