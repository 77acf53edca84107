import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, repeated, required } from '../../warehouse/columns.ts';

export const CONVERSIONS: TableDefinition = {
  name: 'conversions',
  description: 'One row per conversion: a lead, a deal, a purchase.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion in the config.'),
    required('id', 'STRING', 'Id of the conversion, unique within its name.'),
    required('conversion_time', 'TIMESTAMP', 'When the business event happened: reports, exports, revenue.'),
    required('attribution_time', 'TIMESTAMP', 'Where the look-back window is anchored.'),
    required('conversion_date', 'DATE', 'Date of conversion_time in the project time zone.'),
    nullable('client_id', 'STRING', 'anonymous_id (or GA client id) as the query returned it.'),
    nullable('lead_id', 'STRING', 'Id of the lead it belongs to.'),
    nullable('user_id', 'STRING', 'User id as the query returned it.'),
    nullable('email_hash', 'STRING', 'E-mail hash, made from email where the query returned that.'),
    nullable('value_micros', 'INT64', 'Value in micros of the project currency; NULL without a value or a rate.'),
    nullable('original_value', 'FLOAT64', 'Value as the query returned it.'),
    nullable('currency', 'STRING', 'Currency of original_value.'),
    nullable('is_qualified', 'BOOL', 'Whether it counts as qualified.'),
    repeated('params', [required('key', 'STRING', 'Name.'), nullable('value', 'STRING', 'Value.')], 'Custom parameters.'),
    nullable('person_id', 'STRING', 'The person it was resolved to; NULL where none was found.'),
    nullable('person_key', 'INT64', 'The person as an integer.'),
    nullable('matched_by', 'STRING', 'Which identifier found the person: client_id, user_id or email_hash.'),
  ],
  key: ['conversion_name', 'id'],
  partitionBy: 'conversion_time',
  clusterBy: ['conversion_name'],
};

export const REJECTED_CONVERSIONS: TableDefinition = {
  name: 'rejected_conversions',
  description: 'Rows of a conversion query that were refused, with the reason.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion.'),
    required('row_hash', 'STRING', 'Hash of the refused row.'),
    nullable('id', 'STRING', 'Id of the row, if any.'),
    required('reason', 'STRING', 'missing_id, missing_created or duplicate_id.'),
    required('detail', 'STRING', 'The reason in words.'),
  ],
  key: ['conversion_name', 'row_hash', 'reason'],
};

/** The longest value in units of its currency that micros can hold with room to add up. */
export const LARGEST_VALUE = 1_000_000_000_000;

export const STAGED_CONVERSIONS: TableDefinition = {
  name: 'staged_conversions',
  description: 'What the conversion queries returned, in one shape; raw e-mail addresses are hashed already.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion in the config.'),
    required('row_hash', 'STRING', 'Hash of the row.'),
    nullable('id', 'STRING', 'Id of the conversion.'),
    nullable('conversion_time', 'TIMESTAMP', 'created; the end of the day where that is a date.'),
    nullable('attribution_time', 'TIMESTAMP', 'attribution_time, else created.'),
    nullable('client_id', 'STRING', 'As the query returned it.'),
    nullable('lead_id', 'STRING', 'As the query returned it.'),
    nullable('user_id', 'STRING', 'As the query returned it.'),
    nullable('email_hash', 'STRING', 'E-mail hash, made from email where the query returned that.'),
    nullable('original_value', 'FLOAT64', 'Value as the query returned it; NULL where it is no finite amount.'),
    required('has_unusable_value', 'BOOL', 'Whether the query returned a value that is no finite amount.'),
    required('currency', 'STRING', "Currency of original_value; the project's where the query returned none."),
    nullable('is_qualified', 'BOOL', 'As the query returned it.'),
    repeated('params', [required('key', 'STRING', 'Name.'), nullable('value', 'STRING', 'Value.')], 'Custom parameters.'),
  ],
  key: [],
};
