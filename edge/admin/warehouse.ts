import type { WarehouseStatus } from '../contract/edge-status.ts';
import { createTokenSource } from '../delivery/bigquery/token.ts';
import type { Environment } from '../services.ts';

const TIMEOUT_MS = 10_000;

/**
 * Asks BigQuery for the table of the events, as the account that writes into it: its role allows that, and nothing is written.
 * https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/get
 */
export async function askWarehouse(environment: Environment): Promise<WarehouseStatus> {
  const { BIGQUERY_PROJECT: project = '', BIGQUERY_DATASET: dataset = '', GOOGLE_SERVICE_ACCOUNT: account } = environment;
  const answer = (outcome: string, says: string) => ({ project, dataset, outcome, says });
  const needed = ['BIGQUERY_PROJECT', 'BIGQUERY_DATASET', 'GOOGLE_SERVICE_ACCOUNT'] as const;
  const missing = needed.filter((name) => !environment[name]);
  if (!account || missing.length > 0) return answer('unset', `not set: ${missing.join(', ')}`);
  let outcome = 'account';
  try {
    const authorization = `Bearer ${await createTokenSource(account).get()}`;
    outcome = 'unreachable';
    const url = `https://bigquery.googleapis.com/bigquery/v2/projects/${project}/datasets/${dataset}/tables/events_raw?fields=id`;
    const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (response.ok) return answer('ok', 'the account finds the table events_raw');
    // BigQuery's own words: of a project, a table, an account.
    const [, words = ''] = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
    return answer(`${response.status}`, `BigQuery answered ${response.status}${words && `: ${words.slice(0, 300)}`}`);
  } catch (error) {
    return answer(outcome, error instanceof Error ? error.message : String(error));
  }
}
