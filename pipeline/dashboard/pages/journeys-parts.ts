import { words } from '../../config/words.ts';
import type { Html } from '../html.ts';
import type { PageContext } from '../page.ts';

/** What the parts of a journey need to be written. */
export interface JourneySetting {
  readonly context: PageContext;
  /** A short name for a browser: D1, D2 … by first seen. */
  readonly device: (anonymousId: string | null) => Html;
}

const KEYS: Readonly<Record<string, string>> = {
  email_hash: 'E-mail hash',
  user_id: 'User id',
  ga_client_id: 'Google Analytics id',
  ip_hash: 'Network address',
  click_id: 'Click id',
};
/** What an identifier is called. */
export const keyLabel = (name: string): string => KEYS[name] ?? words(name);

export const counted = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

/** A credit as it is written: whole percents without a decimal. */
export function percent(credit: number): string {
  const written = (credit * 100).toFixed(1);
  return `${written.endsWith('.0') ? written.slice(0, -2) : written}%`;
}
