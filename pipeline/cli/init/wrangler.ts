import type { DeploymentSettings } from './settings.ts';

/** The date as of which the Worker runs, as in the project's own wrangler.toml. */
const COMPATIBILITY_DATE = '2026-11-01';

/** What stands in wrangler.toml until `deploy/cloudflare.sh` has created the key store. */
export const KEY_STORE_TO_COME = '00000000000000000000000000000000';

/** The `wrangler.toml` of a project that has Touchtrail from npm: it deploys the Worker that comes built in the package. */
export function wranglerTemplate({ project, dataset, site, path }: DeploymentSettings): string {
  return `name = "touchtrail"
main = "node_modules/touchtrail/dist/edge/worker.js"
compatibility_date = "${COMPATIBILITY_DATE}"
minify = true
send_metrics = false

# Best for cookies: a path of the website's own host. The host must be a zone of your Cloudflare account, proxied (orange cloud).
# Not on Cloudflare? A subdomain is the next best: routes = [{ pattern = "edge.example.com", custom_domain = true }], with
# BASE_PATH "" below and edge.path, edge.url in touchtrail.config.ts to match.
routes = ["${site.hostname}${path}/*"]
workers_dev = false

# The scripts, which the Worker serves under the path and name of the site.
[assets]
directory = "node_modules/touchtrail/dist/edge/assets"
binding = "ASSETS"
run_worker_first = true

# What the Worker itself says, without personal data. Not each invocation: that would store the addresses of visitors and pages.
[observability.logs]
enabled = true
invocation_logs = false

# Deliveries that could not be queued go back into the queue.
[triggers]
crons = ["*/5 * * * *"]

# SCRIPT_NAME "app" makes the script /app.js (edge.script in touchtrail.config.ts). INTERNAL_IPS: addresses of your company, as
# ranges separated by commas. DEAD_QUEUE: the same as dead_letter_queue below, by which dead letters are told.
[vars]
BASE_PATH = "${path}"
SCRIPT_NAME = ""
INTERNAL_IPS = ""
BIGQUERY_PROJECT = "${project}"
BIGQUERY_DATASET = "${dataset}"
DEAD_QUEUE = "touchtrail-dead"

# deploy/cloudflare.sh creates the key store, the queues and the bucket, and puts the id here.
[[kv_namespaces]]
binding = "KEYS"
id = "${KEY_STORE_TO_COME}"

[[queues.producers]]
binding = "QUEUE"
queue = "touchtrail-events"

[[queues.consumers]]
queue = "touchtrail-events"
max_batch_size = 100
max_batch_timeout = 5
max_retries = 100
dead_letter_queue = "touchtrail-dead"

# Dead letters go to the bucket. This queue has none of its own, so it does not give up soon.
[[queues.consumers]]
queue = "touchtrail-dead"
max_batch_size = 100
max_batch_timeout = 5
max_retries = 100
retry_delay = 60

[[r2_buckets]]
binding = "ARCHIVE"
bucket_name = "touchtrail-archive"

# Requests of one write key at one location, a coarse brake. The id is any number that your account uses for nothing else.
[[ratelimits]]
name = "RATE_LIMITER"
namespace_id = "1001"
simple = { limit = 60000, period = 60 }

[[analytics_engine_datasets]]
binding = "METRICS"
dataset = "touchtrail"
`;
}
