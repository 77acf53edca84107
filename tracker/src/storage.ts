import { attempt } from './attempt.ts';

/** The value of a first-party cookie as it stands in the header, not decoded. */
export function readCookie(name: string): string | undefined {
  return attempt(() => `; ${document.cookie}`.split(`; ${name}=`)[1]?.split(';')[0]);
}

/** The stored text, or undefined where there is none or storage is blocked. */
export function readLocal(key: string): string | undefined {
  return attempt(() => localStorage.getItem(key) ?? undefined);
}

/** Stores a text, or removes it when it is undefined or empty; blocked or full storage changes nothing. */
export function writeLocal(key: string, value: string | undefined): void {
  attempt(() => (value ? localStorage.setItem(key, value) : localStorage.removeItem(key)));
}
