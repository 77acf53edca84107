import type { Column } from '../../../edge/contract/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, repeated, required } from '../../warehouse/columns.ts';

/** What a session can be broken down by; costs carry the first five, the rest is NULL there. */
export const DIMENSION_COLUMNS: readonly Column[] = [
  required(
    'channel',
    'STRING',
    'Channel; of a self-reported credit what the person said, with "(SRA)" behind it; "(not attributed)" where neither is known.',
  ),
  required('source', 'STRING', 'Source; "self-reported" or "(not attributed)" for a credit without a session.'),
  required('medium', 'STRING', 'Medium; the same.'),
  nullable('campaign', 'STRING', 'Campaign.'),
  nullable('ad_platform', 'STRING', 'Ad platform.'),
  nullable('term', 'STRING', 'Keyword.'),
  nullable('content', 'STRING', 'Ad content.'),
  nullable('landing_path', 'STRING', 'Path of the landing page.'),
  nullable('country', 'STRING', 'Country code.'),
  nullable('region', 'STRING', 'Region.'),
  nullable('city', 'STRING', 'City.'),
  nullable('device_type', 'STRING', 'Device.'),
  nullable('browser', 'STRING', 'Browser.'),
];

export const REPORT_SESSIONS: TableDefinition = {
  name: 'report_sessions',
  description: 'Sessions as reports read them.',
  columns: [
    required('session_id', 'STRING', 'The session.'),
    required('person_key', 'INT64', 'The person, as an integer.'),
    required('click_date', 'DATE', 'Date of the start in the project time zone.'),
    required('session_number', 'INT64', "1 for the person's first session, by time of its start."),
    ...DIMENSION_COLUMNS,
  ],
  key: ['session_id'],
  partitionBy: 'click_date',
};

export const REPORT_CREDITS: TableDefinition = {
  name: 'report_credits',
  description: 'Credits as reports read them: with the dimensions of the credited session and both dates.',
  columns: [
    required('conversion_name', 'STRING', 'The conversion.'),
    required('conversion_id', 'STRING', 'Its id.'),
    required('model', 'STRING', 'Attribution model.'),
    required('session_id', 'STRING', 'Credited session; empty where self-reported or not attributed.'),
    nullable('person_key', 'INT64', 'The person, as an integer.'),
    required('conversion_date', 'DATE', 'Date of the conversion in the project time zone.'),
    required('click_date', 'DATE', 'Date of the credited session; without one of the attribution time.'),
    required('credit', 'INT64', 'Parts of 1e9.'),
    nullable('value_micros', 'INT64', "The credit's share of the value."),
    nullable('is_qualified', 'BOOL', 'Whether the conversion is qualified.'),
    nullable('reason', 'STRING', 'Why no session is credited: self_reported, or why it is not attributed.'),
    repeated('params', [required('key', 'STRING', 'Name.'), nullable('value', 'STRING', 'Value.')], 'Custom parameters of the conversion.'),
    ...DIMENSION_COLUMNS,
  ],
  key: ['conversion_name', 'conversion_id', 'model', 'session_id'],
  partitionBy: 'conversion_date',
};

export const REPORT_COSTS: TableDefinition = {
  name: 'report_costs',
  description: 'Costs as reports read them.',
  columns: [
    required('cost_key', 'STRING', 'Hash of the key of the cost row.'),
    required('click_date', 'DATE', "Day in the ad account's time zone."),
    ...DIMENSION_COLUMNS,
    nullable('cost_micros', 'INT64', 'Cost in micros of the project currency; NULL without a rate.'),
    nullable('currency', 'STRING', 'Currency that the platform reported it in.'),
    required('impressions', 'INT64', 'Impressions.'),
    required('clicks', 'INT64', 'Clicks.'),
  ],
  key: ['cost_key'],
  partitionBy: 'click_date',
};

export const STAGED_REPORT_PERSONS: TableDefinition = {
  name: 'staged_report_persons',
  description: 'Persons whose sessions are reported anew.',
  columns: [required('person_key', 'INT64', 'The person, as an integer.')],
  key: ['person_key'],
};

export const STAGED_REPORT_SESSIONS: TableDefinition = {
  ...REPORT_SESSIONS,
  name: 'staged_report_sessions',
  description: 'Their sessions now.',
};

export const STAGED_REPORT_CREDITS: TableDefinition = {
  ...REPORT_CREDITS,
  name: 'staged_report_credits',
  description: 'The credits of touched conversions now.',
};

/** What the step needs only while it runs. */
export const STAGED_TABLES: readonly TableDefinition[] = [STAGED_REPORT_PERSONS, STAGED_REPORT_SESSIONS, STAGED_REPORT_CREDITS];

/** All tables of reports. */
export const REPORT_TABLES: readonly TableDefinition[] = [REPORT_SESSIONS, REPORT_CREDITS, REPORT_COSTS, ...STAGED_TABLES];
