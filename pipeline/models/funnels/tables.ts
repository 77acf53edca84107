import { nullable, required } from '../../warehouse/columns.ts';
import { type TableDefinition, keysOf } from '../../warehouse/warehouse.ts';

export const REPORT_FUNNEL: TableDefinition = {
  name: 'report_funnel',
  description: "Conversions of the funnel's later stages with the lead that each belongs to: a conversion of the first stage.",
  columns: [
    required('conversion_name', 'STRING', 'The stage.'),
    required('id', 'STRING', 'Id of the conversion.'),
    nullable('lead_id', 'STRING', 'Id of the lead it belongs to; NULL where none was found.'),
    nullable('linked_by', 'STRING', 'What led to the lead: lead_id, user_id or person; NULL where none was found.'),
    required('conversion_time', 'TIMESTAMP', 'When it happened.'),
    required('conversion_date', 'DATE', 'Its date in the project time zone.'),
    nullable('lead_time', 'TIMESTAMP', 'When its lead happened.'),
    nullable('value_micros', 'INT64', 'Its value in micros of the project currency.'),
    required('is_first', 'BOOL', 'Whether it is the first of its lead at this stage, by time and id; false without a lead.'),
    nullable('lead_conversions', 'INT64', 'How many conversions its lead has at this stage; NULL where it is not the first of them.'),
    nullable('lead_valued', 'INT64', 'How many of them have a value; NULL the same.'),
    nullable('lead_value_micros', 'INT64', 'The sum of their values; NULL the same, and where none has one.'),
  ],
  key: ['conversion_name', 'id'],
  partitionBy: 'conversion_date',
};

export const STAGED_FUNNEL_SCOPE: TableDefinition = {
  ...keysOf(REPORT_FUNNEL),
  name: 'staged_funnel_scope',
  description: 'Conversions that are linked anew: those that were touched, and all that share an id, a user or a person with one.',
};

export const STAGED_FUNNEL: TableDefinition = {
  ...REPORT_FUNNEL,
  name: 'staged_funnel',
  description: 'What they are linked to now.',
};

/** What the links of stages need only while they are made. */
export const STAGED_LINK_TABLES: readonly TableDefinition[] = [STAGED_FUNNEL_SCOPE, STAGED_FUNNEL];

export const REPORT_EVENT_FUNNELS: TableDefinition = {
  name: 'report_event_funnels',
  description: 'Steps that visitors took on their ways through event funnels: entry × step that was reached.',
  columns: [
    required('funnel_name', 'STRING', 'The event funnel.'),
    required('write_key_id', 'STRING', 'Write key of the event that is the entry, its first step.'),
    required('message_id', 'STRING', 'Message id of that event.'),
    required('step', 'INT64', 'The step that was reached, from 1.'),
    required('anonymous_id', 'STRING', 'The visitor.'),
    required('session_id', 'STRING', 'The session that the entry lies in.'),
    required('entry_date', 'DATE', 'Date of the entry in the project time zone.'),
    required('since_entry_micros', 'INT64', 'Time from the entry to this step.'),
    required('since_previous_micros', 'INT64', 'Time from the step before to this one; 0 of the first.'),
  ],
  key: ['funnel_name', 'write_key_id', 'message_id', 'step'],
  partitionBy: 'entry_date',
  clusterBy: ['funnel_name'],
};

export const STAGED_FUNNEL_VISITORS: TableDefinition = {
  name: 'staged_funnel_visitors',
  description: 'Visitors whose events changed: their ways are followed anew.',
  columns: [required('anonymous_id', 'STRING', 'The visitor.')],
  key: ['anonymous_id'],
};

export const STAGED_EVENT_FUNNELS: TableDefinition = {
  ...REPORT_EVENT_FUNNELS,
  name: 'staged_event_funnels',
  description: 'The steps of these visitors now.',
};

/** What event funnels need only while they are made. */
export const STAGED_EVENT_FUNNEL_TABLES: readonly TableDefinition[] = [STAGED_FUNNEL_VISITORS, STAGED_EVENT_FUNNELS];

/** All tables of funnels. */
export const FUNNEL_TABLES: readonly TableDefinition[] = [
  REPORT_FUNNEL,
  REPORT_EVENT_FUNNELS,
  ...STAGED_LINK_TABLES,
  ...STAGED_EVENT_FUNNEL_TABLES,
];
