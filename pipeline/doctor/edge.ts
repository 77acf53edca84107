import type { EdgeStatus } from '../../edge/contract/edge-status.ts';
import type { Config } from '../config/schema.ts';
import { askEdge, deployedEdge } from '../deployed/admin.ts';
import { type Finding, note, ok, problem, unknown, wordsOf } from './finding.ts';

/** Longest wait for an answer. */
const TIMEOUT_MS = 15_000;

const BINDINGS: Readonly<Record<Exclude<keyof EdgeStatus, 'warehouse'>, readonly [what: string, remedy: string]>> = {
  queue: ['the queue', 'bind QUEUE in wrangler.toml ([[queues.producers]]) and deploy again'],
  archive: ['the bucket', 'bind ARCHIVE in wrangler.toml ([[r2_buckets]]) and deploy again'],
  addresses: [
    'the secrets IP_HASH_KEY and IP_HASH_KEY_ID: visits cannot be joined by address',
    'bash deploy/cloudflare.sh sets what is missing; deploy/SECRETS.md says how to do it by hand',
  ],
};

const PUT_ACCOUNT = 'npx wrangler secret put GOOGLE_SERVICE_ACCOUNT < deploy/touchtrail-edge.json';
const GRANT = `bash deploy/google-cloud.sh gives the account its role; is its key the Worker's? ${PUT_ACCOUNT}`;
/** What to do, by the outcome of the Worker's own question. */
const DELIVERY_REMEDIES: Readonly<Record<string, string>> = {
  unset: `BIGQUERY_PROJECT and BIGQUERY_DATASET stand in wrangler.toml; the secret: ${PUT_ACCOUNT}`,
  account: PUT_ACCOUNT,
  401: GRANT,
  403: GRANT,
  404: 'npx touchtrail run makes the tables; are BIGQUERY_PROJECT and BIGQUERY_DATASET in wrangler.toml right?',
};

/** The edge answers where the config says, and serves the script under the configured name. */
export async function examineEdge(url: string, scriptName: string): Promise<Finding[]> {
  const edge = url.replace(/\/+$/, '');
  let response: Response;
  try {
    response = await ask(`${edge}/health`);
  } catch (error) {
    return [
      problem(
        'Edge',
        `${edge}/health cannot be reached: ${wordsOf(error)}`,
        'does the name resolve, and is the Worker deployed? npx wrangler deploy',
      ),
      unknown('Script', 'not looked at'),
    ];
  }
  const text = await response.text();
  if (response.status !== 200 || !text.includes('"status":"ok"')) {
    return [
      problem(
        'Edge',
        `${edge}/health answered ${response.status}, and not as the edge does`,
        'the path does not lead to the Worker: check routes and BASE_PATH in wrangler.toml, that the host is proxied by Cloudflare, and edge.url',
      ),
      unknown('Script', 'not looked at'),
    ];
  }
  return [ok('Edge', `${edge} answers`), await examineScript(`${edge}/${scriptName}.js`)];
}

async function examineScript(url: string): Promise<Finding> {
  try {
    const response = await ask(url);
    const type = response.headers.get('content-type') ?? 'no content type';
    if (response.status === 200 && /javascript/.test(type) && (await response.text()).includes('anonymous_id')) return ok('Script', url);
    return problem(
      'Script',
      `${url} answered ${response.status} (${type}), not the tracker`,
      'SCRIPT_NAME in wrangler.toml and edge.script in the config must be the same name',
    );
  } catch (error) {
    return problem(
      'Script',
      `${url} cannot be reached: ${wordsOf(error)}`,
      'try again; if it stays so, look at the logs: npx wrangler tail',
    );
  }
}

/** Where the reports look for what the edge writes. */
type Dataset = Pick<Extract<Config['warehouse'], { type: 'bigquery' }>, 'project' | 'dataset'>;

/** What only the operator learns: whether queue, bucket and secrets are there, whether rows can be delivered, and whether a key is there. */
export async function examineDeployment(config: Config['edge'], warehouse: Dataset, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  let edge;
  try {
    edge = deployedEdge(config.url, environment);
  } catch (error) {
    return [note('Worker', wordsOf(error), 'export TOUCHTRAIL_ADMIN_TOKEN="$(cat deploy/admin-token)"')];
  }
  try {
    const status = await askEdge<EdgeStatus>(edge, '/internal/status');
    const missing = (Object.keys(BINDINGS) as (keyof typeof BINDINGS)[]).filter((name) => !status[name]);
    const bindings =
      missing.length === 0
        ? [ok('Worker', 'queue, bucket and secrets are there')]
        : missing.map((name) => problem('Worker', `it has not got ${BINDINGS[name][0]}`, BINDINGS[name][1]));
    const { keys } = await askEdge<{ keys: readonly { kind: string; revoked_at: string | null }[] }>(edge, '/internal/keys');
    return [...bindings, examineDelivery(status.warehouse, warehouse), examineKeys(keys)];
  } catch (error) {
    return [problem('Worker', wordsOf(error), 'is TOUCHTRAIL_ADMIN_TOKEN the ADMIN_TOKEN of this Worker, and the Worker of this version?')];
  }
}

/** The Worker's account reaches the tables, and they are those that the reports read. */
function examineDelivery(status: EdgeStatus['warehouse'] | boolean, { project, dataset }: Dataset): Finding {
  if (typeof status !== 'object') return unknown('Delivery', 'the Worker is of an older version: npx wrangler deploy');
  const [written, read] = [`${status.project}.${status.dataset}`, `${project}.${dataset}`];
  if (status.outcome !== 'unset' && written !== read) {
    return problem(
      'Delivery',
      `the Worker writes into ${written}, but warehouse in the config is ${read}`,
      'name the same project and dataset in the config and as BIGQUERY_PROJECT and BIGQUERY_DATASET in wrangler.toml, and deploy again',
    );
  }
  if (status.outcome === 'ok') return ok('Delivery', `the account of the Worker reaches ${written}`);
  return problem(
    'Delivery',
    `the Worker cannot write into the warehouse: ${status.says}`,
    DELIVERY_REMEDIES[status.outcome] ?? 'try again; what is accepted meanwhile waits in the queue',
  );
}

/** There is a key that a website can use. */
export function examineKeys(keys: readonly { readonly kind: string; readonly revoked_at: string | null }[]): Finding {
  const valid = keys.filter(({ revoked_at }) => revoked_at === null);
  const browser = valid.filter(({ kind }) => kind === 'browser').length;
  return browser > 0
    ? ok('Write keys', `${browser} of websites, ${valid.length - browser} of servers`)
    : problem('Write keys', 'none for a website', 'npx touchtrail keys create --name website');
}

async function ask(url: string): Promise<Response> {
  return await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
}
