import type { DeploymentSettings } from './settings.ts';
import { EDGE_KEY_FILE, PIPELINE_KEY_FILE } from './secrets.ts';

/** What `tabledata.insertAll` asks for: https://docs.cloud.google.com/bigquery/docs/write-api-rest#required_permissions */
const INSERT_PERMISSIONS = 'bigquery.datasets.get,bigquery.tables.get,bigquery.tables.updateData';

/** A shell script that makes dataset, service accounts and key files. It may be run again: what exists stays. */
export function googleCloudScript({ project, dataset, location }: DeploymentSettings): string {
  return `#!/usr/bin/env bash
# Prepares Google Cloud for Touchtrail. It may be run again: what exists stays as it is.
# Needs gcloud and bq (https://cloud.google.com/sdk), an owner of the project ("gcloud auth login"), and billing.
set -euo pipefail
cd "$(dirname "$0")/.."

PROJECT='${project}'
DATASET='${dataset}'
LOCATION='${location}'
# The part before a colon is the domain of an old project; addresses of service accounts turn it round.
ACCOUNTS="\${PROJECT#*:}"
if [[ "$PROJECT" == *:* ]]; then ACCOUNTS="$ACCOUNTS.\${PROJECT%%:*}"; fi
EDGE="touchtrail-edge@$ACCOUNTS.iam.gserviceaccount.com"
PIPELINE="touchtrail-pipeline@$ACCOUNTS.iam.gserviceaccount.com"

gcloud services enable bigquery.googleapis.com iam.googleapis.com --project="$PROJECT"

if ! bq --project_id="$PROJECT" show --dataset "$PROJECT:$DATASET" > /dev/null 2>&1; then
  bq --project_id="$PROJECT" --location="$LOCATION" mk --dataset --description='Touchtrail' "$PROJECT:$DATASET"
fi

account() { # name, title
  if ! gcloud iam service-accounts describe "$1@$ACCOUNTS.iam.gserviceaccount.com" --project="$PROJECT" > /dev/null 2>&1; then
    gcloud iam service-accounts create "$1" --project="$PROJECT" --display-name="$2"
  fi
}
account touchtrail-edge 'Touchtrail edge: inserts events'
account touchtrail-pipeline 'Touchtrail pipeline: nightly run and reports'

# The edge may insert rows and nothing else: it can neither read, change nor delete what is there. A role of its own, because the
# narrowest one that Google has, BigQuery Data Editor, may do all of that.
if ! gcloud iam roles describe touchtrailInsert --project="$PROJECT" > /dev/null 2>&1; then
  gcloud iam roles create touchtrailInsert --project="$PROJECT" --title='Touchtrail insert' --stage=GA \\
    --permissions='${INSERT_PERMISSIONS}'
fi

grant() { # role, account: on this dataset only
  bq --project_id="$PROJECT" --location="$LOCATION" query --use_legacy_sql=false --quiet \\
    "grant \\\`$1\\\` on schema \\\`$PROJECT.$DATASET\\\` to \\"serviceAccount:$2\\""
}
grant "projects/$PROJECT/roles/touchtrailInsert" "$EDGE"
grant roles/bigquery.dataEditor "$PIPELINE"

# Queries are jobs, and those belong to the project.
gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$PIPELINE" --role=roles/bigquery.jobUser \\
  --condition=None > /dev/null

# Key files are passwords: for this user only, and never into version control.
umask 077
key() { # file, account
  if [[ ! -e "$1" ]]; then gcloud iam service-accounts keys create "$1" --iam-account="$2" --project="$PROJECT"; fi
}
key ${EDGE_KEY_FILE} "$EDGE"
key ${PIPELINE_KEY_FILE} "$PIPELINE"

echo "Google Cloud is ready. Next: GOOGLE_APPLICATION_CREDENTIALS=${PIPELINE_KEY_FILE} npx touchtrail run"
`;
}
