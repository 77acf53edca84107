import { createHash } from 'node:crypto';

/** An event as the sessioniser below takes it: times in microseconds since 1970. */
export interface PlainEvent {
  readonly write_key_id: string;
  readonly message_id: string;
  readonly anonymous_id: string | null;
  readonly type: string;
  readonly at: number;
  readonly sequence: number | null;
  readonly page_url: string | null;
  readonly utm_source: string | null;
  readonly utm_campaign: string | null;
  readonly click_ids: readonly { readonly name: string; readonly value: string }[];
  readonly country: string | null;
  readonly device_type: string | null;
  readonly engaged_seconds: number | null;
  readonly is_bot: boolean;
  readonly is_internal: boolean;
  readonly library: string | null;
}

export interface PlainSession {
  readonly session_id: string;
  readonly anonymous_id: string;
  readonly started: number;
  readonly ended: number;
  readonly events: number;
  readonly page_views: number;
  readonly engaged_seconds: number;
  readonly landing_url: string | null;
  readonly utm_source: string | null;
  readonly utm_campaign: string | null;
  readonly click_ids: PlainEvent['click_ids'];
  readonly country: string | null;
  readonly device_type: string | null;
}

export interface Rules {
  readonly timeoutMinutes: number;
  readonly maximumHours: number;
}

/** Sessions by going through the events of each visitor one after the other: slow, and as they are defined. Ordered by id. */
export function bruteForceSessions(events: readonly PlainEvent[], rules: Rules): PlainSession[] {
  const visits = events.filter(
    ({ anonymous_id, is_bot, is_internal, library }) =>
      anonymous_id !== null && !is_bot && !is_internal && !/^pixel(?:\/|$)/.test(library ?? ''),
  );
  const visitors = Map.groupBy(visits, ({ anonymous_id }) => anonymous_id!);
  const sessions = [...visitors].flatMap(([id, own]) => sessionsOf(id, own, rules));
  return sessions.toSorted((a, b) => (a.session_id < b.session_id ? -1 : 1));
}

function sessionsOf(id: string, events: readonly PlainEvent[], { timeoutMinutes, maximumHours }: Rules): PlainSession[] {
  const groups: PlainEvent[][] = [];
  let previousAt = Number.NEGATIVE_INFINITY;
  let visitStart = 0;
  let part = 0;
  let campaign: string | undefined;
  let click: string | undefined;
  for (const event of events.toSorted(inOrder)) {
    const paused = event.at - previousAt > timeoutMinutes * 60e6;
    if (paused) [campaign, click] = [undefined, undefined];
    const [ownCampaign, ownClick] = [campaignOf(event), clickOf(event)];
    const opens = paused || (ownCampaign !== undefined && ownCampaign !== campaign) || (ownClick !== undefined && ownClick !== click);
    campaign = ownCampaign ?? campaign;
    click = ownClick ?? click;
    if (opens) visitStart = event.at;
    const ownPart = Math.floor((event.at - visitStart) / (maximumHours * 3600e6));
    if (opens || ownPart !== part) groups.push([]);
    part = ownPart;
    groups.at(-1)!.push(event);
    previousAt = event.at;
  }
  return groups.map((group) => sessionOf(id, group));
}

function sessionOf(id: string, group: readonly PlainEvent[]): PlainSession {
  const [first] = group as [PlainEvent, ...PlainEvent[]];
  const having = (holds: (event: PlainEvent) => boolean) => group.find(holds) ?? first;
  const tagged = having((event) => campaignOf(event) !== undefined);
  return {
    session_id: createHash('sha256')
      .update(`${id.length}:${id}${first.message_id.length}:${first.message_id}${first.write_key_id}`)
      .digest('hex'),
    anonymous_id: id,
    started: first.at,
    ended: group.at(-1)!.at,
    events: group.length,
    page_views: group.filter(({ type }) => type === 'page').length,
    engaged_seconds: group.reduce((sum, { engaged_seconds }) => sum + Math.round((engaged_seconds ?? 0) * 1e6), 0) / 1e6,
    landing_url: trimmed(having(({ page_url }) => trimmed(page_url) !== null).page_url),
    utm_source: trimmed(tagged.utm_source),
    utm_campaign: trimmed(tagged.utm_campaign),
    click_ids: having((event) => clickOf(event) !== undefined).click_ids,
    country: having(({ country }) => country !== null).country,
    device_type: having(({ device_type }) => device_type !== null).device_type,
  };
}

const trimmed = (text: string | null) => text?.trim() || null;

function campaignOf({ utm_source, utm_campaign }: PlainEvent): string | undefined {
  const names = [trimmed(utm_source), trimmed(utm_campaign)];
  return names.every((name) => name === null) ? undefined : JSON.stringify(names);
}

function clickOf({ click_ids }: PlainEvent): string | undefined {
  if (click_ids.length === 0) return undefined;
  return JSON.stringify(
    click_ids.map(({ name, value }) => [name.toLowerCase(), value]).toSorted(([a, x], [b, y]) => (a! + x! < b! + y! ? -1 : 1)),
  );
}

function inOrder(a: PlainEvent, b: PlainEvent): number {
  return (
    a.at - b.at ||
    (a.sequence ?? -1) - (b.sequence ?? -1) ||
    compareTexts(a.message_id, b.message_id) ||
    compareTexts(a.write_key_id, b.write_key_id)
  );
}

const compareTexts = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
