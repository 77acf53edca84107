import { SESSION_DIMENSIONS } from '../../config/filter-dimensions.ts';
import { nullable, required } from '../../warehouse/columns.ts';
import { type TableDefinition, keysOf } from '../../warehouse/warehouse.ts';
import { TOUCHED_CONVERSIONS } from '../conversions/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';

/** Credits are integers: parts of a thousand million, so that they add up exactly. */
export const FULL_CREDIT = 1_000_000_000;

/** Why a row without a session is credited all the same: to what the person answered. */
export const SELF_REPORTED = 'self_reported';

export const ATTRIBUTION: TableDefinition = {
  name: 'attribution',
  description: 'Credits: conversion × model × session. Per conversion and model they sum to exactly 1e9 parts.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion.'),
    required('conversion_id', 'STRING', 'Id of the conversion.'),
    required('model', 'STRING', 'Attribution model.'),
    required('session_id', 'STRING', 'Credited session; empty where the conversion is self-reported or not attributed.'),
    required('credit', 'INT64', 'Parts of 1e9.'),
    nullable('value_micros', 'INT64', "The credit's share of the conversion's value."),
    required(
      'click_time',
      'TIMESTAMP',
      'Start of the credited session; without one attribution_time, of an inherited credit that of the conversion it is inherited from.',
    ),
    nullable(
      'reason',
      'STRING',
      'Why no session is credited: self_reported; or, not attributed, before_tracking, no_identifier, unknown_identifier, no_session_in_window, no_consent.',
    ),
    nullable('channel', 'STRING', 'Channel of a self-reported credit, such as "Word of Mouth (SRA)"; else NULL.'),
    nullable('inherited_from_name', 'STRING', 'The conversion whose credits these are, at the head of the chain; NULL for its own.'),
    nullable('inherited_from_id', 'STRING', 'Id of that conversion.'),
  ],
  key: ['conversion_name', 'conversion_id', 'model', 'session_id'],
  clusterBy: ['conversion_name', 'model'],
  // A session has a row for each model that credits it, a conversion for each of its sessions and models.
  hasRepeatedTexts: true,
};

export const TOUCHED_CREDITS: TableDefinition = {
  ...TOUCHED_CONVERSIONS,
  name: 'touched_credits',
  description:
    'Conversions whose credits were made anew since reports last read them: written before attribution is, deleted by reports once they are up to date.',
};

export const STAGED_ATTRIBUTED: TableDefinition = {
  ...TOUCHED_CONVERSIONS,
  name: 'staged_attributed',
  description: 'Conversions whose credits are made anew: those that were touched, and all that inherit from them.',
};

/** What models may look at of a session, beside when it began and whether it is direct. */
const PATH_SESSION_COLUMNS: readonly string[] = [...SESSION_DIMENSIONS, 'page_views', 'engaged_seconds'];

export const STAGED_PATH_SESSIONS: TableDefinition = {
  name: 'staged_path_sessions',
  description: 'Sessions of the persons of these conversions, around the times that can be credited.',
  columns: [
    required('person_id', 'STRING', 'The person.'),
    required('session_id', 'STRING', 'The session.'),
    required('started_at', 'TIMESTAMP', 'Its start.'),
    required('is_direct', 'BOOL', 'Whether it is direct / none.'),
    ...SESSIONS.columns
      .filter(({ name }) => PATH_SESSION_COLUMNS.includes(name))
      .map((column) => ({ ...column, mode: 'nullable' as const, description: `${column.description} NULL where no model looks at it.` })),
  ],
  key: [],
};

export const STAGED_PARENT_CREDITS: TableDefinition = {
  ...ATTRIBUTION,
  name: 'staged_parent_credits',
  description: 'Credits of their parents that are not made anew themselves.',
};

export const STAGED_CREDITS: TableDefinition = {
  ...ATTRIBUTION,
  name: 'staged_credits',
  description: 'The credits of these conversions now.',
};

export const STAGED_FORMER_CREDITS: TableDefinition = {
  ...ATTRIBUTION,
  name: 'staged_former_credits',
  description: 'Keys of the credits that these conversions had until now, and what becomes of them.',
  columns: [
    ...keysOf(ATTRIBUTION).columns,
    required('change', 'STRING', 'deleted: there is none any more; updated: it says something else now; none: it stays as it is.'),
  ],
};

/** What the step needs only while it runs. */
export const STAGED_TABLES: readonly TableDefinition[] = [
  STAGED_ATTRIBUTED,
  STAGED_PATH_SESSIONS,
  STAGED_PARENT_CREDITS,
  STAGED_CREDITS,
  STAGED_FORMER_CREDITS,
];

/** All tables of the model. */
export const ATTRIBUTION_TABLES: readonly TableDefinition[] = [ATTRIBUTION, TOUCHED_CREDITS, ...STAGED_TABLES];
