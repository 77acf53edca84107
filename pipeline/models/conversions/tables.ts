import type { Column } from '../../../edge/contract/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, repeated, required } from '../../warehouse/columns.ts';

/** The longest value in units of its currency that micros can hold with room to add up. */
export const LARGEST_VALUE = 1_000_000_000_000;

const KEY = [
  required('conversion_name', 'STRING', 'Name of the conversion in the config.'),
  required('id', 'STRING', 'Id of the conversion, unique within its name.'),
];
const CONVERSION_TIME = required('conversion_time', 'TIMESTAMP', 'When the business event happened: reports, exports, revenue.');
const ATTRIBUTION_TIME = required('attribution_time', 'TIMESTAMP', 'Where the look-back window is anchored.');

/** What a row of a query, or an event, says beside its id and its times. */
const GIVEN: readonly Column[] = [
  nullable('client_id', 'STRING', 'anonymous_id (or GA client id).'),
  nullable('lead_id', 'STRING', 'Id of the lead it belongs to.'),
  nullable('user_id', 'STRING', 'User id.'),
  nullable('email_hash', 'STRING', 'E-mail hash, made from email where the query returned that.'),
  nullable('ip_key', 'STRING', 'Key id and keyed hash of ip_address, as identity keys write it; the address itself is stored nowhere.'),
  nullable('original_value', 'FLOAT64', 'Value as the source says; NULL where it is no finite amount.'),
  nullable('currency', 'STRING', "Currency of original_value; the project's where the source names none."),
  nullable('is_qualified', 'BOOL', 'Whether it counts as qualified.'),
  nullable('self_reported_source', 'STRING', 'What the person answered to how they heard of the company.'),
  repeated('params', [required('key', 'STRING', 'Name.'), nullable('value', 'STRING', 'Value.')], 'Custom parameters.'),
];

export const STAGED_CONVERSIONS: TableDefinition = {
  name: 'staged_conversions',
  description: 'What the queries and events of a night say of the range they were asked for, in one shape; no raw e-mail or IP address.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion in the config.'),
    required('row_hash', 'STRING', 'Hash of the row.'),
    nullable('id', 'STRING', 'Id of the conversion.'),
    nullable('conversion_time', 'TIMESTAMP', 'created; the end of the day where that is a date.'),
    nullable('attribution_time', 'TIMESTAMP', 'attribution_time, else created.'),
    ...GIVEN,
    required('has_unusable_value', 'BOOL', 'Whether the source gave a value that is no finite amount.'),
  ],
  key: [],
};

export const STAGED_LOOK_UPS: TableDefinition = {
  name: 'staged_look_ups',
  description:
    'Ids of a night that are looked for in all of history, because the adjustment window alone does not tell what became of them.',
  columns: KEY,
  key: [],
};

export const STAGED_FOUND_CONVERSIONS: TableDefinition = {
  name: 'staged_found_conversions',
  description: 'What that second look has found, as staged_conversions.',
  columns: STAGED_CONVERSIONS.columns,
  key: [],
};

export const CONVERSION_RECORDS: TableDefinition = {
  name: 'conversion_records',
  description: 'Conversions as their source said last, followed within the adjustment window: what `conversions` is made from.',
  columns: [
    ...KEY,
    required('row_hash', 'STRING', 'Hash of the row: what tells whether the source says otherwise now.'),
    CONVERSION_TIME,
    ATTRIBUTION_TIME,
    ...GIVEN,
    required('is_removed', 'BOOL', 'Whether its value fell from above zero to zero: it is known, and no conversion.'),
  ],
  key: ['conversion_name', 'id'],
  partitionBy: 'conversion_time',
  clusterBy: ['conversion_name'],
};

export const STAGED_RECORDS: TableDefinition = {
  name: 'staged_records',
  description: 'Records of a night that come, change or go.',
  columns: [
    ...KEY,
    required('change', 'STRING', 'inserted, updated or deleted.'),
    nullable('row_hash', 'STRING', 'As in conversion_records; this and the rest are NULL where the record goes.'),
    nullable('conversion_time', 'TIMESTAMP', 'As in conversion_records.'),
    nullable('attribution_time', 'TIMESTAMP', 'As in conversion_records.'),
    ...GIVEN,
    required('is_removed', 'BOOL', 'As in conversion_records.'),
  ],
  key: [],
};

export const STAGED_STORED: TableDefinition = {
  ...CONVERSION_RECORDS,
  name: 'staged_stored',
  description: 'The stored records that a night may change: those of the ranges, and those of ids that the ranges have now.',
  columns: [...CONVERSION_RECORDS.columns, required('is_in_range', 'BOOL', 'Whether it stands in the range; else before it.')],
  key: [],
};

export const CONVERSIONS: TableDefinition = {
  name: 'conversions',
  description: 'One row per conversion: a lead, a deal, a purchase.',
  columns: [
    ...KEY,
    CONVERSION_TIME,
    ATTRIBUTION_TIME,
    required('conversion_date', 'DATE', 'Date of conversion_time in the project time zone.'),
    ...GIVEN,
    nullable('raw_value_micros', 'INT64', 'Value in micros of the project currency; NULL without a value or a rate.'),
    nullable('value_micros', 'INT64', 'What reports show: raw_value_micros, scaled where the conversion is normalised by another one.'),
    nullable('rate', 'FLOAT64', 'Units of currency for one of the project currency; NULL where both are the same, or none is known.'),
    nullable('rate_date', 'DATE', 'Day of that rate: conversion_date, or the last one within 7 days that has a rate.'),
    nullable('self_reported_channel', 'STRING', 'Channel that the rules give self_reported_source, with "(SRA)" behind it.'),
    nullable('person_id', 'STRING', 'The person it was resolved to; NULL where none was found.'),
    nullable('person_key', 'INT64', 'The person as an integer.'),
    nullable('matched_by', 'STRING', 'Which identifier found the person: client_id, user_id, email_hash or ip_address.'),
    nullable('parent_name', 'STRING', 'The conversion it inherits from; NULL where it does not, or its lead_id matches none.'),
    nullable('parent_id', 'STRING', 'Id of the parent.'),
  ],
  key: ['conversion_name', 'id'],
  partitionBy: 'conversion_time',
  clusterBy: ['conversion_name'],
};

export const REJECTED_CONVERSIONS: TableDefinition = {
  name: 'rejected_conversions',
  description: 'Rows of a conversion that were refused, with the reason.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion.'),
    required('row_hash', 'STRING', 'Hash of the refused row.'),
    nullable('id', 'STRING', 'Id of the row, if any.'),
    nullable('conversion_time', 'TIMESTAMP', 'Its time, if any: a night replaces the refusals of its range.'),
    required('reason', 'STRING', 'missing_id, missing_created or duplicate_id.'),
    required('detail', 'STRING', 'The reason in words.'),
  ],
  key: ['conversion_name', 'row_hash', 'reason'],
};

export const STAGED_REFUSALS: TableDefinition = {
  name: 'staged_refusals',
  description: 'Rows of a night that are refused, as rejected_conversions.',
  columns: REJECTED_CONVERSIONS.columns,
  key: [],
};

export const CONVERSION_CHANGES: TableDefinition = {
  name: 'conversion_changes',
  description: 'What changed in conversions after they were first read, column by column.',
  columns: [
    required('changed_at', 'TIMESTAMP', 'The run that saw it.'),
    ...KEY,
    required('change', 'STRING', 'inserted, updated or deleted. What a first or a redefined build reads is not listed.'),
    required('column_name', 'STRING', 'The column that changed; empty where the whole conversion came or went.'),
    nullable('from_value', 'STRING', 'What it was; of a deleted conversion its value.'),
    nullable('to_value', 'STRING', 'What it is; of an inserted conversion its value.'),
    required(
      'reason',
      'STRING',
      'source: the source says so; disappeared: it has it no more; zero: its value fell to zero; definition: not of the config any more.',
    ),
  ],
  key: ['changed_at', 'conversion_name', 'id', 'column_name'],
  partitionBy: 'changed_at',
};

export const TOUCHED_CONVERSIONS: TableDefinition = {
  name: 'touched_conversions',
  description:
    'Conversions that changed, or whose person or sessions did, since attribution last read them: written before they are, deleted by attribution once it is up to date.',
  columns: KEY,
  key: ['conversion_name', 'id'],
};

export const CONVERSION_WATCHES: TableDefinition = {
  name: 'conversion_watches',
  description:
    'What the rows of a conversion before its window were, when they last said the same as its records: while they are the same, nothing there has changed.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion.'),
    required('definition_hash', 'STRING', 'As in definitions.'),
    required('from_time', 'TIMESTAMP', 'Where the window began: the rows are those before it.'),
    required('row_count', 'INT64', 'How many they were.'),
    required('first_sum', 'INT64', 'Sum over their fingerprints, in the arithmetic of a prime number.'),
    required('second_sum', 'INT64', 'The same of another one.'),
  ],
  key: ['conversion_name'],
};

export const CONVERSION_READS: TableDefinition = {
  name: 'conversion_reads',
  description: 'Until when the query of a conversion has been read: what came since is read, however long no run has finished.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion.'),
    required('read_on', 'DATE', 'Day of the last run that finished with it, in the project time zone.'),
  ],
  key: ['conversion_name'],
};

export const EXCHANGE_RATES: TableDefinition = {
  name: 'exchange_rates',
  description: 'Exchange rates to the project currency.',
  columns: [
    required('date', 'DATE', 'Day of the rate.'),
    required('currency', 'STRING', 'ISO 4217 code.'),
    required('rate', 'FLOAT64', 'Units of this currency for one of the project currency.'),
  ],
  key: ['date', 'currency'],
};

/** What the records of a night are found with; empty once it is over. */
export const STAGED_CONVERSION_TABLES: readonly TableDefinition[] = [
  STAGED_CONVERSIONS,
  STAGED_LOOK_UPS,
  STAGED_FOUND_CONVERSIONS,
  STAGED_STORED,
  STAGED_RECORDS,
  STAGED_REFUSALS,
];

/** All tables of conversions. */
export const CONVERSION_TABLES: readonly TableDefinition[] = [
  ...STAGED_CONVERSION_TABLES,
  CONVERSION_RECORDS,
  CONVERSIONS,
  REJECTED_CONVERSIONS,
  CONVERSION_CHANGES,
  TOUCHED_CONVERSIONS,
  CONVERSION_WATCHES,
  CONVERSION_READS,
  EXCHANGE_RATES,
];
