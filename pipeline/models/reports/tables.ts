import type { Column } from '../../../edge/contract/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, repeated, required } from '../../warehouse/columns.ts';

/** What a session can be broken down by; costs carry the first five and the ad's own names, the rest is NULL there. */
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
  nullable('os', 'STRING', 'Operating system.'),
];

/** What leads from a session to its ad: facts keep no names of ads, which are a matter of the costs and change. */
const AD_REFERENCE = nullable(
  'ad_reference',
  'INT64',
  'The ad the session says it came from: a key of report_ads. NULL where it says nothing.',
);

/** The columns that {@link SOURCE_KEY} stands for. */
export const SOURCE_COLUMNS = ['channel', 'source', 'medium', 'campaign', 'ad_platform', 'ad_reference'] as const;
/**
 * Texts are slow to group by, and what brings sessions is of a few thousand kinds: facts are grouped by one integer, and only the
 * kinds are named, looked up and filtered.
 */
const SOURCE_KEY = nullable('source_key', 'INT64', 'What brought the session: a key of report_sources. NULL for what is not attributed.');

export const REPORT_SOURCES: TableDefinition = {
  name: 'report_sources',
  description: 'What brings sessions: every combination that facts have.',
  columns: [
    required('source_key', 'INT64', 'First 60 bits of the SHA-256 of the others.'),
    ...DIMENSION_COLUMNS.filter(({ name }) => (SOURCE_COLUMNS as readonly string[]).includes(name)),
    AD_REFERENCE,
  ],
  key: ['source_key'],
};

/**
 * Dimensions by which a session says when its person came before, so that persons are counted and not told apart: those that are
 * columns as they stand and are asked for most. By each of them a session has one more date, which is NULL for most.
 */
export const PREVIOUS_BY = [
  'channel',
  'source',
  'medium',
  'source_medium',
  'campaign',
  'landing_path',
  'country',
  'device_type',
  'browser',
] as const;

/** The column with the date of the person's session before of the same value of a dimension; without one of any. */
export const previousDate = (by?: (typeof PREVIOUS_BY)[number]): string => (by ? `previous_${by}_date` : 'previous_date');

export const REPORT_SESSIONS: TableDefinition = {
  name: 'report_sessions',
  description: 'Sessions as reports read them.',
  columns: [
    required('session_id', 'STRING', 'The session.'),
    required('person_key', 'INT64', 'The person, as an integer.'),
    required('click_date', 'DATE', 'Date of the start in the project time zone.'),
    required('session_number', 'INT64', "1 for the person's first session, by time of its start."),
    nullable(previousDate(), 'DATE', "Date of the person's session before; NULL for the first."),
    ...PREVIOUS_BY.map((by) =>
      nullable(previousDate(by), 'DATE', `Date of the person's session before of the same ${by}; NULL for the first of it.`),
    ),
    AD_REFERENCE,
    SOURCE_KEY,
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
    nullable('session_number', 'INT64', "1 where the credited session is its person's first; NULL without one."),
    AD_REFERENCE,
    SOURCE_KEY,
    ...DIMENSION_COLUMNS,
  ],
  key: ['conversion_name', 'conversion_id', 'model', 'session_id'],
  partitionBy: 'conversion_date',
  // A report asks for one or two of many models.
  snapshotOrder: ['conversion_name', 'model', 'conversion_date'],
};

export const REPORT_COSTS: TableDefinition = {
  name: 'report_costs',
  description: 'Costs as reports read them.',
  columns: [
    required('cost_key', 'STRING', 'Hash of the key of the cost row.'),
    required('click_date', 'DATE', "Day in the ad account's time zone."),
    ...DIMENSION_COLUMNS,
    nullable('account', 'STRING', 'Ad account.'),
    nullable('campaign_id', 'STRING', 'Campaign id.'),
    nullable('ad_group', 'STRING', 'Ad group.'),
    nullable('ad', 'STRING', 'Ad.'),
    nullable('cost_micros', 'INT64', 'Cost in micros of the project currency; NULL without a rate.'),
    nullable('currency', 'STRING', 'Currency that the platform reported it in.'),
    required('impressions', 'INT64', 'Impressions.'),
    required('clicks', 'INT64', 'Clicks.'),
    nullable('platform_conversions_micros', 'INT64', 'Conversions that the platform counts itself, in parts of 1e6.'),
    nullable('platform_value_micros', 'INT64', 'Their value as the platform says, in micros of the project currency.'),
  ],
  key: ['cost_key'],
  partitionBy: 'click_date',
};

const OTHER_COST_COLUMNS: readonly Column[] = [
  required('name', 'STRING', 'Name of the entry in otherCosts of the config.'),
  required('click_date', 'DATE', 'The day that this part of it falls on.'),
  nullable('channel', 'STRING', 'Channel; NULL where the entry names none, and so the others.'),
  nullable('source', 'STRING', 'Source.'),
  nullable('medium', 'STRING', 'Medium.'),
  nullable('campaign', 'STRING', 'Campaign.'),
  nullable('ad_platform', 'STRING', 'Ad platform.'),
  nullable('account', 'STRING', 'Ad account.'),
  nullable('ad_group', 'STRING', 'Ad group.'),
  nullable('ad', 'STRING', 'Ad.'),
  required('currency', 'STRING', 'Currency of the entry.'),
];

export const REPORT_OTHER_COSTS: TableDefinition = {
  name: 'report_other_costs',
  description: 'Costs beside those of ads (people, production), as the config has them, by day.',
  columns: [
    ...OTHER_COST_COLUMNS,
    nullable('original_micros', 'INT64', 'The part of the day in micros of that currency.'),
    nullable('other_cost_micros', 'INT64', 'The part of the day in micros of the project currency; NULL without a rate.'),
  ],
  key: ['name', 'click_date'],
  partitionBy: 'click_date',
};

export const STAGED_OTHER_COSTS: TableDefinition = {
  name: 'staged_other_costs',
  description: 'The days of other costs in the currency of their entry.',
  columns: [...OTHER_COST_COLUMNS, required('micros', 'INT64', 'The part of the day in micros of that currency.')],
  key: [],
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
export const STAGED_TABLES: readonly TableDefinition[] = [
  STAGED_REPORT_PERSONS,
  STAGED_REPORT_SESSIONS,
  STAGED_REPORT_CREDITS,
  STAGED_OTHER_COSTS,
];

/** All tables of reports. */
export const REPORT_TABLES: readonly TableDefinition[] = [
  REPORT_SESSIONS,
  REPORT_CREDITS,
  REPORT_COSTS,
  REPORT_OTHER_COSTS,
  REPORT_SOURCES,
  ...STAGED_TABLES,
];
