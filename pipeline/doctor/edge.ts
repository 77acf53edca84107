import type { Config } from '../config/schema.ts';
import { askEdge, deployedEdge } from '../deployed/admin.ts';
import { type Finding, note, ok, problem, unknown, wordsOf } from './finding.ts';

/** Longest wait for an answer. */
const TIMEOUT_MS = 15_000;

/** What `GET /internal/status` says: which of the Worker's bindings and secrets are there. */
interface EdgeStatus {
  readonly queue: boolean;
  readonly archive: boolean;
  readonly warehouse: boolean;
  readonly addresses: boolean;
}

const BINDINGS: Readonly<Record<keyof EdgeStatus, readonly [what: string, remedy: string]>> = {
  queue: ['the queue', 'bind QUEUE in wrangler.toml ([[queues.producers]]) and deploy again'],
  archive: ['the bucket', 'bind ARCHIVE in wrangler.toml ([[r2_buckets]]) and deploy again'],
  warehouse: ['the secret GOOGLE_SERVICE_ACCOUNT', 'npx wrangler secret put GOOGLE_SERVICE_ACCOUNT < deploy/touchtrail-edge.json'],
  addresses: [
    'the secrets IP_HASH_KEY and IP_HASH_KEY_ID: visits cannot be joined by address',
    'bash deploy/cloudflare.sh sets what is missing; deploy/SECRETS.md says how to do it by hand',
  ],
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

/** What only the operator learns: whether queue, bucket and secrets are there, and whether a key is. */
export async function examineDeployment(config: Config['edge'], environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  let edge;
  try {
    edge = deployedEdge(config.url, environment);
  } catch (error) {
    return [note('Worker', wordsOf(error), 'export TOUCHTRAIL_ADMIN_TOKEN="$(cat deploy/admin-token)"')];
  }
  try {
    const status = await askEdge<EdgeStatus>(edge, '/internal/status');
    const missing = (Object.keys(BINDINGS) as (keyof EdgeStatus)[]).filter((name) => !status[name]);
    const bindings =
      missing.length === 0
        ? [ok('Worker', 'queue, bucket and secrets are there')]
        : missing.map((name) => problem('Worker', `it has not got ${BINDINGS[name][0]}`, BINDINGS[name][1]));
    const { keys } = await askEdge<{ keys: readonly { kind: string; revoked_at: string | null }[] }>(edge, '/internal/keys');
    return [...bindings, examineKeys(keys)];
  } catch (error) {
    return [problem('Worker', wordsOf(error), 'is TOUCHTRAIL_ADMIN_TOKEN the ADMIN_TOKEN of this Worker, and the Worker of this version?')];
  }
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
