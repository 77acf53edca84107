import type { Column } from '../../../edge/contract/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, required } from '../../warehouse/columns.ts';

/** What a session can be broken down by; costs carry the first five, the rest is NULL there. */
export const DIMENSION_COLUMNS: readonly Column[] = [
  required('channel', 'STRING', 'Channel; "(not attributed)" for a conversion without a credited session.'),
  required('source', 'STRING', 'Source.'),
  required('medium', 'STRING', 'Medium.'),
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
    required('session_id', 'STRING', 'Credited session; empty where not attributed.'),
    nullable('person_key', 'INT64', 'The person, as an integer.'),
    required('conversion_date', 'DATE', 'Date of the conversion in the project time zone.'),
    required('click_date', 'DATE', 'Date of the credited session; of the attribution time where not attributed.'),
    required('credit', 'INT64', 'Parts of 1e9.'),
    nullable('value_micros', 'INT64', "The credit's share of the value."),
    nullable('is_qualified', 'BOOL', 'Whether the conversion is qualified.'),
    nullable('reason', 'STRING', 'Why it is not attributed.'),
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
