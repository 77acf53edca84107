import { nullable, required } from '../../../warehouse/columns.ts';
import type { TableDefinition } from '../../../warehouse/warehouse.ts';
import { STAGED_CONVERSIONS } from '../tables.ts';

const NAME = required('conversion_name', 'STRING', 'Name of the conversion in the config.');
const ID = required('id', 'STRING', 'Order id, or what else is the id of the conversion.');

export const DROPPED_CONVERSIONS: TableDefinition = {
  name: 'dropped_conversions',
  description:
    'Orders, events and parts of combined conversions that are no conversion of their own, with the reason: a later copy of them is none either.',
  columns: [
    NAME,
    ID,
    required('conversion_time', 'TIMESTAMP', 'When it happened.'),
    required(
      'reason',
      'STRING',
      'refunded: nothing of its value is left; repeated: the same user has a conversion that was kept shortly before.',
    ),
  ],
  key: ['conversion_name', 'id'],
};

export const STAGED_CANDIDATES: TableDefinition = {
  name: 'staged_candidates',
  description: 'What may be a conversion of a night: one row per id, refunds taken off; and rows without an id.',
  columns: [
    ...STAGED_CONVERSIONS.columns,
    required('is_refunded', 'BOOL', 'Whether refunds have left nothing of it.'),
    required('foreign_refunds', 'INT64', 'Refunds in another currency, which are not taken off.'),
  ],
  key: [],
};

const TIMELINE = {
  description: 'Candidates of which a user has one in so many days, as far as it is not decided which are kept.',
  columns: [
    NAME,
    ID,
    required('at_micros', 'INT64', 'Its time in microseconds of Unix time.'),
    nullable('client_id', 'STRING', 'The client id: one user.'),
    nullable('user_id', 'STRING', 'The user id: one user, too; NULL where equal user ids do not count.'),
    required('reach_micros', 'INT64', 'How long before it a conversion of the same user drops it.'),
    required('is_kept', 'BOOL', 'Whether it is decided that it is kept, so that it drops others; else nothing is decided of it.'),
  ],
  key: [],
} as const;

/** A round reads the one and writes the other. */
export const STAGED_TIMELINE: TableDefinition = { ...TIMELINE, name: 'staged_timeline' };
export const STAGED_NEXT_TIMELINE: TableDefinition = { ...TIMELINE, name: 'staged_next_timeline' };

export const STAGED_REPETITIONS: TableDefinition = {
  name: 'staged_repetitions',
  description: 'Candidates that are dropped, because the same user has a kept one shortly before.',
  columns: [NAME, ID],
  key: [],
};

/** All tables that only conversions made of events need. */
export const SIMPLE_TABLES: readonly TableDefinition[] = [
  DROPPED_CONVERSIONS,
  STAGED_CANDIDATES,
  STAGED_TIMELINE,
  STAGED_NEXT_TIMELINE,
  STAGED_REPETITIONS,
];
