import { log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Environment } from '../services.ts';
import { createBigQuerySink } from './bigquery/sink.ts';
import { createTokenSource } from './bigquery/token.ts';
import type { EventLog } from './event-log.ts';
import { createLandingZone } from './landing-zone.ts';
import type { PutBackPorts } from './put-back.ts';
import { createQueueLog } from './queue-log.ts';
import type { Sink } from './sink.ts';

/** Where accepted events go: into the queue where there is one, else into the landing zone. */
export function eventLogOf({ QUEUE: queue, LANDING, ARCHIVE: archive }: Environment, metrics: Metrics): EventLog {
  if (queue) return createQueueLog({ queue, archive, metrics });
  if (LANDING) return createLandingZone(LANDING);
  return {
    maximumBytes: Infinity,
    append: async () => await Promise.reject(new Error('nothing can be stored: the Worker has neither the binding QUEUE nor LANDING')),
  };
}

/** What brings queued events into the warehouse. */
export function deliveryOf(environment: Environment, metrics: Metrics): PutBackPorts {
  return { queue: environment.QUEUE, archive: environment.ARCHIVE, metrics, sink: sinkOf(environment) };
}

function sinkOf(environment: Environment): Sink {
  const { BIGQUERY_PROJECT: project, BIGQUERY_DATASET: dataset, GOOGLE_SERVICE_ACCOUNT: account } = environment;
  if (project && dataset && account) return createBigQuerySink({ project, dataset }, createTokenSource(account));
  const needed = ['BIGQUERY_PROJECT', 'BIGQUERY_DATASET', 'GOOGLE_SERVICE_ACCOUNT'] as const;
  const missing = needed.filter((name) => !environment[name]).join(', ');
  return {
    write: async (table, rows) => {
      log('error', 'no_warehouse', { table, rows: rows.length, missing });
      return rows.map(() => ({ status: 'retry', reason: 'no_warehouse' }));
    },
  };
}
