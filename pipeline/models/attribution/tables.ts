import { modelsOf } from '../../config/attribution.ts';
import type { Config } from '../../config/schema.ts';
import { SESSION_DIMENSIONS } from '../../config/filter-dimensions.ts';
import { nullable, required } from '../../warehouse/columns.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
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

/** Columns of {@link CreditTables.touches}: what a model credits of a touch, in parts of 1e9, and of the value. */
export const creditColumn = (model: string): string => `credit_${model}`;
export const valueColumn = (model: string): string => `value_${model}`;
export const creditColumns = (models: readonly string[]): string[] => models.flatMap((name) => [creditColumn(name), valueColumn(name)]);

/** Where credits stand, by the models of a config. */
export interface CreditTables {
  /** What is stored: of each touch, the credits of all models side by side. */
  readonly touches: TableDefinition;
  /** {@link ATTRIBUTION}, looked up in it. */
  readonly view: TableDefinition;
  /** Touches of the parents of staged conversions that are not made anew themselves. */
  readonly parents: TableDefinition;
  /** The touches of the staged conversions now. */
  readonly staged: TableDefinition;
  /** Keys of the touches that these conversions had until now, and what becomes of them. */
  readonly former: TableDefinition;
}

const TOUCHES = 'attribution_touches';
const ofAttribution = (...names: readonly string[]) => ATTRIBUTION.columns.filter(({ name }) => names.includes(name));

/**
 * Texts are most of what a credit takes to write and to keep. Each stands once for all models, whose credits are columns of one
 * row: a model more is two numbers more for each touch, and not another row.
 */
export function creditTables(config: Config): CreditTables {
  const models = modelsOf(config);
  const touches: TableDefinition = {
    name: TOUCHES,
    description: 'What attribution shows, as it is stored: conversion × session, with the credits of all models side by side.',
    columns: [
      ...ofAttribution('conversion_name', 'conversion_id'),
      required('pass', 'INT64', 'Which of the models: those that look equally far back have rows of their own, numbered from 1.'),
      ...ofAttribution('session_id', 'click_time', 'reason', 'channel', 'inherited_from_name', 'inherited_from_id'),
      ...models.flatMap(({ name }) => [
        nullable(creditColumn(name), 'INT64', `Credit by the model ${name}, in parts of 1e9; NULL where it has none.`),
        nullable(valueColumn(name), 'INT64', "That credit's share of the conversion's value, in micros."),
      ]),
    ],
    key: ['conversion_name', 'conversion_id', 'pass', 'session_id'],
    clusterBy: ['conversion_name', 'conversion_id'],
    // A session has a row for each conversion in reach, a conversion for each of its sessions.
    hasRepeatedTexts: true,
  };
  return {
    touches,
    view: { ...ATTRIBUTION, query: creditsShown(models.map(({ name }) => name)) },
    parents: { ...touches, name: 'staged_parent_credits', description: 'Touches of their parents that are not made anew themselves.' },
    staged: { ...touches, name: 'staged_credits', description: 'The touches of these conversions now.' },
    former: {
      ...touches,
      name: 'staged_former_credits',
      description: 'Keys of the touches that these conversions had until now, and what becomes of them.',
      columns: [
        ...keysOf(touches).columns,
        required('change', 'STRING', 'deleted: there is none any more; updated: it says something else now; none: it stays as it is.'),
      ],
    },
  };
}

/** A row for each model that credits a touch. Names of models are those of identifiers: a view can have no parameters. */
function creditsShown(models: readonly string[]): Sql {
  const pick = (column: (model: string) => string): Sql =>
    raw(`case models.number ${models.map((name, i) => `when ${i + 1} then touches.${column(name)}`).join(' ')} end`);
  const numbered = models.map((name, i) => raw(`select '${name}' as model, ${i + 1} as number`));
  return sql`
    select
      touches.conversion_name, touches.conversion_id, models.model, touches.session_id, ${pick(creditColumn)} as credit,
      ${pick(valueColumn)} as value_micros, touches.click_time, touches.reason, touches.channel, touches.inherited_from_name, touches.inherited_from_id
    from ${table(TOUCHES)} as touches
    cross join (${join(numbered, ' union all ')}) as models
    where ${pick(creditColumn)} is not null`;
}

/** What the step needs only while it runs. */
export function stagedTables(config: Config): TableDefinition[] {
  const { parents, staged, former } = creditTables(config);
  return [STAGED_ATTRIBUTED, STAGED_PATH_SESSIONS, parents, staged, former];
}

/** All tables of the model. */
export function attributionTables(config: Config): TableDefinition[] {
  const { touches, view } = creditTables(config);
  return [touches, view, TOUCHED_CREDITS, ...stagedTables(config)];
}
