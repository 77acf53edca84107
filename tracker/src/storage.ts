import { attempt } from './attempt.ts';

/** What is remembered from page to page; null where it is forgotten again, so that other tabs forget it, too. */
export interface State {
  /** The visitor id, to restore a lost cookie, or for this page where the browser keeps nothing. */
  readonly id?: string | null;
  /** The domain the cookie was set for. */
  readonly domain?: string;
  readonly user?: string | null;
  /** How the visit began: address of its first page, and where the visitor came from. */
  readonly landing?: string;
  readonly referrer?: string;
  /** When something happened last, milliseconds since 1970. */
  readonly active?: number;
}

/** Names of everything stored begin so. */
export const KEY = 'touchtrail';
/** The queues of messages that pages could not send yet, each under a name of its own. */
export const QUEUE_PREFIX = `${KEY}_queue_`;

/** Whether the browser's storage may be used: never before consent, never in cookieless mode. Reading is a use, too (ePrivacy, article 5(3)). */
export let isStorageOpen = false;

let state: State = {};
/** Whether the state has been read in the current task: each time takes a while, and nobody else changes it meanwhile. */
let isFresh = false;

/** Opens or closes the browser's storage for everything that goes through this file. */
export function openStorage(open: boolean): void {
  isStorageOpen = open;
  isFresh = false;
}

/** The state, with what other tabs have changed and the changes given. */
export function update(changes?: State): State {
  if (!isFresh) {
    isFresh = true;
    state = { ...state, ...attempt(() => JSON.parse(readLocal(KEY)!) as State) };
    // Once, before the task ends and another page or tab may look.
    queueMicrotask(() => {
      isFresh = false;
      attempt(() => writeLocal(KEY, JSON.stringify(state)));
    });
  }
  return (state = { ...state, ...changes });
}

/** Removes what is stored, and forgets it. */
export function clearStorage(): void {
  state = {};
  localKeys(KEY).forEach((key) => attempt(() => localStorage.removeItem(key)));
}

/** The keys of the texts stored under names that begin so. */
export function localKeys(prefix: string): string[] {
  return attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(prefix))) ?? [];
}

/** The value of a first-party cookie as it stands in the header, not decoded. */
export function readCookie(name: string): string | undefined {
  return attempt(() => (isStorageOpen ? `; ${document.cookie}`.split(`; ${name}=`)[1]?.split(';')[0] : undefined));
}

/** Sets a cookie, as far as the browser allows. */
export function writeCookie(text: string): void {
  attempt(() => (document.cookie = text));
}

/** The stored text, or undefined where there is none or storage is blocked. */
export function readLocal(key: string): string | undefined {
  return attempt(() => (isStorageOpen && localStorage.getItem(key)) || undefined);
}

/** Stores a text, or removes it when it is empty; blocked or full storage changes nothing. */
export function writeLocal(key: string, value: string): void {
  attempt(() => isStorageOpen && (value ? localStorage.setItem(key, value) : localStorage.removeItem(key)));
}
