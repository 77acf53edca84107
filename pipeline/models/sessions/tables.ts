import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, repeated, required } from '../../warehouse/columns.ts';

export const SESSIONS: TableDefinition = {
  name: 'sessions',
  description: 'Sessions of one anonymous_id; bots and internal traffic are left out.',
  columns: [
    required('session_id', 'STRING', 'Hash of anonymous_id and the message_id of the first event.'),
    required('anonymous_id', 'STRING', 'The visitor id of one browser.'),
    required('started_at', 'TIMESTAMP', 'Time of the first event.'),
    required('ended_at', 'TIMESTAMP', 'Time of the last event.'),
    required('start_date', 'DATE', 'Date of the start in the project time zone.'),
    required('events', 'INT64', 'Number of events.'),
    required('page_views', 'INT64', 'Number of page events.'),
    required('engaged_seconds', 'FLOAT64', 'Sum of the active seconds.'),
    nullable('landing_url', 'STRING', 'Address of the first page.'),
    nullable('landing_path', 'STRING', 'Path of the first page.'),
    nullable('referrer', 'STRING', 'Where the session came from.'),
    nullable('utm_source', 'STRING', 'utm_source of the session.'),
    nullable('utm_medium', 'STRING', 'utm_medium of the session.'),
    nullable('utm_campaign', 'STRING', 'utm_campaign of the session.'),
    nullable('utm_term', 'STRING', 'utm_term of the session.'),
    nullable('utm_content', 'STRING', 'utm_content of the session.'),
    nullable('utm_id', 'STRING', 'utm_id of the session.'),
    repeated(
      'click_ids',
      [required('name', 'STRING', 'Parameter name.'), required('value', 'STRING', 'Parameter value.')],
      'Ad click ids of the session, by name.',
    ),
    required('source', 'STRING', 'Source; "direct" where there is none.'),
    required('medium', 'STRING', 'Medium; "none" for direct.'),
    nullable('campaign', 'STRING', 'Campaign.'),
    nullable('term', 'STRING', 'Search term or keyword.'),
    nullable('content', 'STRING', 'Ad content.'),
    required('channel', 'STRING', "Channel, by GA4's default channel group."),
    nullable('ad_platform', 'STRING', 'Ad platform whose click id the session carries, for example google_ads.'),
    required('is_direct', 'BOOL', 'Whether the session is direct / none: what "significant" leaves out.'),
    nullable('country', 'STRING', 'Country code.'),
    nullable('region', 'STRING', 'Region.'),
    nullable('city', 'STRING', 'City.'),
    nullable('device_type', 'STRING', 'desktop, mobile, tablet or tv.'),
    nullable('browser', 'STRING', 'Browser.'),
    nullable('os', 'STRING', 'Operating system.'),
  ],
  key: ['session_id'],
  partitionBy: 'started_at',
  clusterBy: ['anonymous_id'],
};

export const STAGED_ISLANDS: TableDefinition = {
  name: 'staged_islands',
  description: 'Stretches of time of visitors whose events changed: their sessions are computed again.',
  columns: [
    required('anonymous_id', 'STRING', 'The visitor.'),
    required('first_at', 'TIMESTAMP', 'Where the stretch begins: of its changed events and former sessions the earliest.'),
    required('last_at', 'TIMESTAMP', 'Where it ends.'),
  ],
  key: [],
};

export const STAGED_SESSIONS: TableDefinition = {
  name: 'staged_sessions',
  description: 'The sessions of these stretches as they are now.',
  columns: SESSIONS.columns,
  key: [],
};

/** All tables of sessions. */
export const SESSION_TABLES: readonly TableDefinition[] = [SESSIONS, STAGED_ISLANDS, STAGED_SESSIONS];
