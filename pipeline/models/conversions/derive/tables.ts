import { nullable, required } from '../../../warehouse/columns.ts';
import type { TableDefinition } from '../../../warehouse/warehouse.ts';
import { CONVERSIONS } from '../tables.ts';

const KEY = CONVERSIONS.columns.filter(({ name }) => CONVERSIONS.key.includes(name));
/** What persons are found by. */
export const IDENTIFIERS: readonly string[] = ['attribution_time', 'client_id', 'user_id', 'email_hash', 'ip_key'];
const column = (name: string) => CONVERSIONS.columns.find((one) => one.name === name)!;

export const STAGED_DERIVED: TableDefinition = {
  name: 'staged_derived',
  description: 'Conversions that are made anew from their records, with what needs no person: whether they are there, money, parents.',
  columns: [
    ...KEY,
    required('is_present', 'BOOL', 'Whether it is a conversion now: it has a record, and a parent where it must.'),
    required('was_present', 'BOOL', 'Whether it stands in conversions.'),
    nullable('day', 'DATE', 'Day of conversion_time in UTC, now; NULL where it is no conversion.'),
    nullable('former_day', 'DATE', 'The same as it stands in conversions.'),
    nullable('conversion_date', 'DATE', 'As in conversions.'),
    column('raw_value_micros'),
    column('rate'),
    column('rate_date'),
    column('parent_name'),
    column('parent_id'),
    ...IDENTIFIERS.map((name) => nullable(name, column(name).type, 'As in conversions.')),
  ],
  key: ['conversion_name', 'id'],
};

export const STAGED_SIGNALS: TableDefinition = {
  name: 'staged_signals',
  description: 'Persons that an identifier of a derived conversion finds.',
  columns: [
    ...KEY,
    column('attribution_time'),
    required('priority', 'INT64', 'In which order the identifiers are tried: 1 first.'),
    required('matched_by', 'STRING', 'As in conversions.'),
    required('person_id', 'STRING', 'The person.'),
  ],
  key: [],
};

export const STAGED_WINDOWS: TableDefinition = {
  name: 'staged_windows',
  description: 'Trailing windows of conversions that are normalised by another one, where something in them changed.',
  columns: [
    required('conversion_name', 'STRING', 'The conversion that is normalised.'),
    required('conversion_date', 'DATE', 'The last day of the window.'),
    nullable('own_micros', 'INT64', 'Sum of its raw values in the window.'),
    nullable('reference_micros', 'INT64', 'Sum of the raw values of the reference conversion in the window.'),
  ],
  key: ['conversion_name', 'conversion_date'],
};

/** What the derivation needs only while it runs. */
export const DERIVE_TABLES: readonly TableDefinition[] = [STAGED_DERIVED, STAGED_SIGNALS, STAGED_WINDOWS];
