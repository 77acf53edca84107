import { attempt } from './attempt.ts';
import type { Campaign } from './campaign.ts';

/** What is kept while a visit lasts in one tab. */
interface Session {
  /** The counter of events: orders those of the same millisecond. */
  sequence: number;
  /** When the last event happened, milliseconds since 1970. */
  active: number;
  /** How the visit began. */
  campaign: Campaign | undefined;
  /** The localStorage key of the last page's delivery queue. */
  queue?: string;
}

const KEY = 'touchtrail_session';

/** A campaign explains a visit, not what is done in the same tab hours later: 30 minutes, as sessions are cut by default. */
const TIMEOUT = 1_800_000;

/** The record of this tab; lives in memory alone where sessionStorage is blocked. */
export const session: Session = {
  sequence: 0,
  active: 0,
  campaign: undefined,
  ...attempt(() => JSON.parse(sessionStorage.getItem(KEY)!) as Session | null),
};

/** Notes that something happens now; what a visit of more than half an hour ago brought along is dropped. */
export function touchSession(now: number): void {
  if (now - session.active > TIMEOUT) session.campaign = undefined;
  session.active = now;
}

/** Keeps the record for the next page of the tab. */
export function saveSession(): void {
  attempt(() => sessionStorage.setItem(KEY, JSON.stringify(session)));
}
