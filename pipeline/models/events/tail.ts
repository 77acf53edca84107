import type { EventRow, FailedEventRow } from '../../../edge/contract/event-row.ts';

/** One event as somebody sees it who watches them arrive: nothing that names a person. */
export interface TailEntry {
  /** ISO in UTC. */
  readonly received_at: string;
  readonly write_key_id: string | null;
  /** The type of the event; `rejected` for one that is kept in failed_events. */
  readonly type: EventRow['type'] | 'rejected';
  readonly event: string | null;
  /** Path of the page. */
  readonly page: string | null;
  /** Source and medium of the campaign, else the ad click id, else the host of another site. */
  readonly source: string | null;
  /** The beginning of it: enough to tell visitors apart. */
  readonly anonymous_id: string | null;
  /** Of a rejected event: the machine-readable reason, where in the event, and in words. */
  readonly reason: string | null;
  readonly path: string | null;
  readonly detail: string | null;
}

/** What is read of an event and of a rejected one. */
export const TAIL_EVENT_COLUMNS = [
  'received_at',
  'write_key_id',
  'type',
  'event',
  'page_path',
  'page_url',
  'referrer',
  'utm_source',
  'utm_medium',
  'click_ids',
  'anonymous_id',
] as const satisfies readonly (keyof EventRow)[];
export const TAIL_FAILED_COLUMNS = [
  'received_at',
  'write_key_id',
  'reason',
  'path',
  'detail',
] as const satisfies readonly (keyof FailedEventRow)[];

/** Which events are wanted; what is not given asks for nothing. */
export interface TailFilter {
  readonly types?: readonly string[];
  readonly writeKeyIds?: readonly string[];
  /** Only rejected ones. */
  readonly failed?: boolean;
}

/** Whether an event passes; rejected ones have no type. */
export function isWanted(
  { type, write_key_id }: Pick<TailEntry, 'type' | 'write_key_id'>,
  { types, writeKeyIds, failed }: TailFilter,
): boolean {
  if (failed && type !== 'rejected') return false;
  if (types && !types.includes(type)) return false;
  return !writeKeyIds || (write_key_id !== null && writeKeyIds.includes(write_key_id));
}

/** Characters of an anonymous id that are shown. */
const ID_CHARACTERS = 8;

export function tailEvent(row: Pick<EventRow, (typeof TAIL_EVENT_COLUMNS)[number]>): TailEntry {
  return {
    received_at: row.received_at,
    write_key_id: row.write_key_id,
    type: row.type,
    event: withoutAddresses(row.event),
    page: withoutAddresses(row.page_path),
    source: withoutAddresses(sourceOf(row)),
    anonymous_id: row.anonymous_id?.slice(0, ID_CHARACTERS) ?? null,
    reason: null,
    path: null,
    detail: null,
  };
}

export function tailFailed(row: Pick<FailedEventRow, (typeof TAIL_FAILED_COLUMNS)[number]>): TailEntry {
  const nothing = { event: null, page: null, source: null, anonymous_id: null };
  const { received_at, write_key_id, reason, path, detail } = row;
  return {
    received_at,
    write_key_id,
    type: 'rejected',
    ...nothing,
    reason,
    path: withoutAddresses(path),
    detail: withoutAddresses(detail),
  };
}

function sourceOf(row: Pick<EventRow, 'utm_source' | 'utm_medium' | 'click_ids' | 'referrer' | 'page_url'>): string | null {
  if (row.utm_source ?? row.utm_medium) return [row.utm_source, row.utm_medium].filter(Boolean).join(' / ');
  if (row.click_ids[0]) return row.click_ids[0].name;
  const host = hostOf(row.referrer);
  return host === hostOf(row.page_url) ? null : host;
}

function hostOf(url: string | null): string | null {
  return url !== null && URL.canParse(url) ? new URL(url).host : null;
}

/** A site may allow that addresses are stored; who watches need not see them. */
const ADDRESS = /[^\s@/?&=#,;:<>"'()]+(?:@|%40)[^\s@/?&=#,;:<>"'()]+/gi;

const withoutAddresses = (text: string | null) => text?.replace(ADDRESS, '(address)') ?? null;
