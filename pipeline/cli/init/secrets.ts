/** Key files of the two service accounts, written by `deploy/google-cloud.sh`. */
export const EDGE_KEY_FILE = 'deploy/touchtrail-edge.json';
export const PIPELINE_KEY_FILE = 'deploy/touchtrail-pipeline.json';
/** The operator's token, written by `deploy/cloudflare.sh`. */
export const ADMIN_TOKEN_FILE = 'deploy/admin-token';

/** The key under which addresses are hashed, and its name; written by `deploy/cloudflare.sh`. */
export const IP_HASH_KEY_FILE = 'deploy/ip-hash-key';
export const IP_HASH_KEY_ID_FILE = 'deploy/ip-hash-key-id';
/** The key of the tombstones of erased persons, written by `deploy/cloudflare.sh`. */
export const ERASURE_KEY_FILE = 'deploy/erasure-key';

/** What each secret is for, how it is made, and where it goes. */
export function secretsPage(): string {
  return `# Secrets

None of these belongs into version control; \`.gitignore\` names the files. \`deploy/google-cloud.sh\` and \`deploy/cloudflare.sh\`
make them all but \`PROXY_SECRET\`, and keep what they make in \`deploy/\`, for you alone. A secret of a Worker cannot be read back: keep
a copy of these files where your company keeps passwords.

## Of the Worker

| Secret | What for | How it is made and set |
|---|---|---|
| \`GOOGLE_SERVICE_ACCOUNT\` | inserts events into BigQuery; may do nothing else | \`npx wrangler secret put GOOGLE_SERVICE_ACCOUNT < ${EDGE_KEY_FILE}\` |
| \`IP_HASH_KEY\` | addresses are stored as their hash under this key. With another key, visits before and after can no longer be joined by address | \`openssl rand -base64 48 > ${IP_HASH_KEY_FILE}\`, then \`npx wrangler secret put IP_HASH_KEY < ${IP_HASH_KEY_FILE}\` |
| \`IP_HASH_KEY_ID\` | name of that key, stored beside each hash; change it with the key | \`date +%Y-%m > ${IP_HASH_KEY_ID_FILE}\`, then \`npx wrangler secret put IP_HASH_KEY_ID < ${IP_HASH_KEY_ID_FILE}\` |
| \`ADMIN_TOKEN\` | the command line proves with it that it may manage keys, read the status and replay deliveries | \`openssl rand -hex 32 > ${ADMIN_TOKEN_FILE}\`, then \`npx wrangler secret put ADMIN_TOKEN < ${ADMIN_TOKEN_FILE}\` |
| \`PROXY_SECRET\` | only where your own web server passes requests on to the Worker: it signs the visitor's address with it | \`openssl rand -hex 32\`, the same in both places: \`npx wrangler secret put PROXY_SECRET\` |

## Of the machine that runs the command line

| Variable | What for | Value |
|---|---|---|
| \`GOOGLE_APPLICATION_CREDENTIALS\` | the nightly run: queries, and writing this one dataset | \`${PIPELINE_KEY_FILE}\` |
| \`TOUCHTRAIL_ADMIN_TOKEN\` | \`keys\`, \`doctor\`, \`replay\`, \`reconcile\` against the deployed edge | the content of \`${ADMIN_TOKEN_FILE}\` |
| \`TOUCHTRAIL_ERASURE_KEY\` | what remains of an erased person is a hash under this key, by which a late copy is known; with another key it would come back | the content of \`${ERASURE_KEY_FILE}\` |
| \`IP_HASH_KEY\`, \`IP_HASH_KEY_ID\` | only where a source of the CRM has an \`ip_address\`: the same two values as the Worker's | the content of \`${IP_HASH_KEY_FILE}\` and \`${IP_HASH_KEY_ID_FILE}\` |

## Of GitHub

The nightly run of \`.github/workflows/touchtrail.yml\` takes

- \`gh secret set TOUCHTRAIL_GOOGLE_CREDENTIALS < ${PIPELINE_KEY_FILE}\`
- \`gh secret set TOUCHTRAIL_ERASURE_KEY < ${ERASURE_KEY_FILE}\`
- \`gh secret set TOUCHTRAIL_ADMIN_TOKEN < ${ADMIN_TOKEN_FILE}\`: erasing asks the deployed edge, too
- \`gh secret set IP_HASH_KEY < ${IP_HASH_KEY_FILE}\` and \`gh secret set IP_HASH_KEY_ID < ${IP_HASH_KEY_ID_FILE}\`: for the addresses of a CRM
`;
}
