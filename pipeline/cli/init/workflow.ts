/** A workflow of GitHub Actions that runs the pipeline every night. */
export function workflowTemplate(): string {
  return `name: Touchtrail

# Every night at 02:17 UTC, whatever "nightly" in the config says: GitHub is slow on the hour. A run that is already under way is never stopped; two never work at once.
on:
  schedule:
    - cron: '17 2 * * *'
  workflow_dispatch:

concurrency:
  group: touchtrail
  cancel-in-progress: false

permissions:
  contents: read

jobs:
  run:
    runs-on: ubuntu-latest
    timeout-minutes: 120
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: npm ci
      # CRM exports and costs do not belong into this repository: a step here brings them from private storage, for example
      # gsutil cp gs://my-exports/deals.csv crm/deals.csv
      # The secrets: deploy/SECRETS.md.
      - name: Run the pipeline
        env:
          CREDENTIALS: \${{ secrets.TOUCHTRAIL_GOOGLE_CREDENTIALS }}
          GOOGLE_APPLICATION_CREDENTIALS: \${{ runner.temp }}/google.json
          TOUCHTRAIL_ERASURE_KEY: \${{ secrets.TOUCHTRAIL_ERASURE_KEY }}
          TOUCHTRAIL_ADMIN_TOKEN: \${{ secrets.TOUCHTRAIL_ADMIN_TOKEN }}
          IP_HASH_KEY: \${{ secrets.IP_HASH_KEY }}
          IP_HASH_KEY_ID: \${{ secrets.IP_HASH_KEY_ID }}
        run: |
          umask 077
          printf '%s' "$CREDENTIALS" > "$GOOGLE_APPLICATION_CREDENTIALS"
          npx --no-install touchtrail run
`;
}
