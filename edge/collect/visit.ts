import type { EventRow, Written } from '../contract/event-row.ts';
import { idOrNull, IncomingMessage } from '../contract/message.ts';
import type { Surroundings } from './enrich.ts';
import { isSameJson, type Members, objectAt, textAt, toJsonColumn, without } from './members.ts';
import { CAMPAIGN_MEMBERS, type CampaignColumns, campaignColumns, campaignUrl, clickIds } from './page.ts';
import { asksForPrivacy } from './privacy-control.ts';

/** Columns that most events of a visit have in common: how it began, and what the client says of itself. */
export type VisitColumns = CampaignColumns & Pick<EventRow, 'click_ids' | 'ga_client_id' | 'timezone' | 'consent' | 'context' | 'library'>;

/** They as they are written. */
export type VisitPart = Written<VisitColumns>;

/** What is remembered of the last event of a request whose context alone decided. */
export interface RecentVisit {
  visit?: { readonly context: Members; readonly began: string | null; readonly part: VisitPart };
}

/** A column that is NULL is not written. */
export const written = <Value>(value: Value | null | undefined): Value | undefined => value ?? undefined;

/**
 * How the visit of an event began, and what its context says beside the page: the same object as for the event before it, where
 * nothing has changed.
 * @param free the message with what the site allows.
 * @param ids the context of the cleaned message, from which ids are taken.
 */
export function visitPart(
  free: Members,
  message: IncomingMessage,
  context: Members,
  ids: Members,
  pageUrl: string | null,
  surroundings: Surroundings,
  recent: RecentVisit,
): VisitPart {
  const began = campaignUrl(context, pageUrl);
  const unknown = without(free, MESSAGE_MEMBERS);
  const page = without(objectAt(context, 'page'), PAGE_MEMBERS);
  // Nothing but the context and the address at the beginning decides.
  const isOfContext = free === message && !unknown && !page && !message.integrations;
  const last = recent.visit;
  if (isOfContext && last?.began === began && isSameJson(context, last.context, 'page')) return last.part;

  const campaign = campaignColumns(context, began);
  const part: VisitPart = {
    utm_source: written(campaign.utm_source),
    utm_medium: written(campaign.utm_medium),
    utm_campaign: written(campaign.utm_campaign),
    utm_term: written(campaign.utm_term),
    utm_content: written(campaign.utm_content),
    utm_id: written(campaign.utm_id),
    click_ids: asksForPrivacy(message) ? [] : clickIds(context, began),
    ga_client_id: written(
      idOrNull(textAt(ids, 'gaClientId', 'ga_client_id') ?? textAt(objectAt(message.integrations, 'Google Analytics'), 'clientId') ?? ''),
    ),
    timezone: written(timezone(context, surroundings)),
    consent: written(consent(context)),
    context: written(toJsonColumn(contextRest(context, page, unknown, surroundings))),
    library: written(surroundings.channel === 'pixel' ? 'pixel' : library(context)),
  };
  if (isOfContext) recent.visit = { context, began, part };
  return part;
}

function timezone(context: Members, { key, request }: Surroundings): string | null {
  return (key.kind === 'server' || !key.verified ? null : request.timezone) ?? textAt(context, 'timezone');
}

function consent(context: Members): string | null {
  const said = context['consent'] ?? null;
  if (typeof said === 'boolean') return said ? 'granted' : 'denied';
  const status = typeof said === 'string' ? said.toLowerCase() : textAt(said as Members | null, 'status')?.toLowerCase();
  return status === 'granted' || status === 'denied' ? status : null;
}

function library(context: Members): string | null {
  const { name, version } = {
    name: textAt(objectAt(context, 'library'), 'name'),
    version: textAt(objectAt(context, 'library'), 'version'),
  };
  // Joined, because JSON.stringify takes twice as long over an object that holds a text put together by an operator.
  return name === null ? null : version === null ? name : [name, version].join('/');
}

/** Members of the context that have columns; what a page or campaign holds beyond its columns stays. */
const CONTEXT_COLUMNS: ReadonlySet<string> = new Set([
  'ip',
  'userAgent',
  'page',
  'campaign',
  'clickIds',
  'click_ids',
  'emailHashes',
  'email_hashes',
  'gaClientId',
  'ga_client_id',
  'library',
  'location',
  'timezone',
  'sequence',
]);
const PAGE_MEMBERS: ReadonlySet<string> = new Set(['url', 'path', 'title', 'referrer', 'search']);
/** Members of a message that have columns, or mean something only between client and server. */
const MESSAGE_MEMBERS: ReadonlySet<string> = new Set([
  ...Object.keys(IncomingMessage.shape),
  'receivedAt',
  'writeKey',
  'projectId',
  'version',
  '_metadata',
]);

function contextRest(
  context: Members,
  page: Members | undefined,
  message: Members | undefined,
  { key }: Surroundings,
): Members | undefined {
  const campaign = without(objectAt(context, 'campaign'), CAMPAIGN_MEMBERS);
  const rest = without(context, CONTEXT_COLUMNS);
  if (!page && !campaign && !message && key.verified) return rest;
  return {
    ...rest,
    ...(page && { page }),
    ...(campaign && { campaign }),
    ...(message && { message }),
    ...(!key.verified && { write_key_unverified: true }),
  };
}
