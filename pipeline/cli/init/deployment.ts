import { cloudflareScript } from './cloudflare.ts';
import { googleCloudScript } from './google-cloud.ts';
import { configTemplate, leadTemplate, snippetTemplate } from './project.ts';
import {
  ADMIN_TOKEN_FILE,
  EDGE_KEY_FILE,
  ERASURE_KEY_FILE,
  IP_HASH_KEY_FILE,
  IP_HASH_KEY_ID_FILE,
  PIPELINE_KEY_FILE,
  secretsPage,
} from './secrets.ts';
import type { DeploymentSettings, ProjectSettings } from './settings.ts';
import { workflowTemplate } from './workflow.ts';
import { wranglerTemplate } from './wrangler.ts';

/** A file that `init` writes. */
export interface InitFile {
  readonly name: string;
  readonly text: string;
  readonly executable?: true;
}

/** What stands in the snippet until a key has been created at the deployed edge. */
const KEY_TO_COME = 'YOUR_KEY';

/** Everything of a project that runs on Cloudflare and BigQuery. */
export function deploymentFiles(project: ProjectSettings, deployment: DeploymentSettings): readonly InitFile[] {
  return [
    { name: 'touchtrail.config.ts', text: configTemplate(project, deployment) },
    { name: 'conversions/lead.sql', text: leadTemplate() },
    { name: 'wrangler.toml', text: wranglerTemplate(deployment) },
    { name: 'deploy/google-cloud.sh', text: googleCloudScript(deployment), executable: true },
    { name: 'deploy/cloudflare.sh', text: cloudflareScript(), executable: true },
    { name: 'deploy/SECRETS.md', text: secretsPage() },
    { name: '.github/workflows/touchtrail.yml', text: workflowTemplate() },
    { name: 'snippet.html', text: snippetTemplate(edgeOf(deployment), KEY_TO_COME) },
  ];
}

/** What must not get into version control, beside the data folder. */
export const SECRET_FILES: readonly string[] = [
  EDGE_KEY_FILE,
  PIPELINE_KEY_FILE,
  ADMIN_TOKEN_FILE,
  IP_HASH_KEY_FILE,
  IP_HASH_KEY_ID_FILE,
  ERASURE_KEY_FILE,
];

/** What to do after `init`, in this order. */
export function deploymentSteps(written: readonly string[], deployment: DeploymentSettings): string {
  const files = written.map((name) => `  wrote ${name}\n`).join('');
  return `${files}
1. Prepare Google Cloud (gcloud and bq; billing must be on, streaming is not in the free tier):
     bash deploy/google-cloud.sh
2. Create the tables, before the first event wants to go there:
     export GOOGLE_APPLICATION_CREDENTIALS=${PIPELINE_KEY_FILE}
     npx touchtrail run
3. Prepare Cloudflare: key store, queues, bucket and secrets; deploy/SECRETS.md says what each secret is for:
     npm install --save-dev wrangler
     npx wrangler login
     bash deploy/cloudflare.sh
     npx wrangler deploy
4. Create a write key and put it into snippet.html instead of ${KEY_TO_COME}; that line goes into the <head> of every page:
     export TOUCHTRAIL_ADMIN_TOKEN="$(cat ${ADMIN_TOKEN_FILE})"
     npx touchtrail keys create --name website --origin ${deployment.site.origin}
5. See that everything is right, the website included:
     npx touchtrail doctor
     npx touchtrail doctor --site ${deployment.site.origin}/
6. Run it every night: push this folder to GitHub; .github/workflows/touchtrail.yml says which secret it needs there.
`;
}

function edgeOf({ site, path }: DeploymentSettings): string {
  return site.origin + path;
}
