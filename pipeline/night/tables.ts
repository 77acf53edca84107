import { nullable, required } from '../warehouse/columns.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';

export const RUNS: TableDefinition = {
  name: 'runs',
  description: 'Nightly runs.',
  columns: [
    required('run_id', 'STRING', 'Start and token of the run: sorts by time.'),
    required('token', 'INT64', 'Fencing token: counts the runs, and only the latest may write.'),
    required('started_at', 'TIMESTAMP', 'When it began.'),
    nullable('finished_at', 'TIMESTAMP', 'When it ended; NULL while it runs and where it was killed.'),
    required('status', 'STRING', 'running, done, failed, or killed: found unfinished by a later run.'),
    required('holder', 'STRING', 'Host and process that ran it.'),
    nullable('message', 'STRING', 'Why it failed.'),
    required('warnings', 'JSON', 'What the reader must know, as a list of texts.'),
    nullable('publication_id', 'STRING', 'What readers saw when it ended.'),
  ],
  key: ['run_id'],
  partitionBy: 'started_at',
};

export const RUN_STEPS: TableDefinition = {
  name: 'run_steps',
  description: 'Steps of the nightly runs.',
  columns: [
    required('run_id', 'STRING', 'The run.'),
    required('position', 'INT64', 'Place in the run, from 1.'),
    required('step', 'STRING', 'Name of the step.'),
    required('status', 'STRING', 'running, done or failed.'),
    required('started_at', 'TIMESTAMP', 'When it began.'),
    nullable('duration_ms', 'INT64', 'How long it took, in milliseconds.'),
    required('inserted', 'INT64', 'Rows inserted, over all tables.'),
    required('updated', 'INT64', 'Rows updated.'),
    required('deleted', 'INT64', 'Rows deleted.'),
    required('statements', 'INT64', 'Statements executed.'),
    required('bytes', 'INT64', 'Bytes scanned; 0 where the engine does not say.'),
    nullable('message', 'STRING', 'Why it failed.'),
  ],
  key: ['run_id', 'step'],
};

export const RUN_LEASE: TableDefinition = {
  name: 'run_lease',
  description: 'Who may write: one row, taken over by each run.',
  columns: [
    required('name', 'STRING', 'night.'),
    required('token', 'INT64', 'Fencing token; each run that takes the lease raises it by one.'),
    required('run_id', 'STRING', 'The run that holds the lease, or held it last.'),
    required('holder', 'STRING', 'Host and process of that run.'),
    required('acquired_at', 'TIMESTAMP', 'When it took the lease.'),
    required('heartbeat_at', 'TIMESTAMP', 'Its last sign of life.'),
    required('expires_at', 'TIMESTAMP', 'When another run may take the lease; in the past once it is given back.'),
  ],
  key: ['name'],
};

/** The book-keeping of the nightly run, beside the tables of the models. */
export const NIGHT_TABLES: readonly TableDefinition[] = [RUNS, RUN_STEPS, RUN_LEASE];
