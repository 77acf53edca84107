import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/** What is read of one environment of wrangler.toml. */
export interface DeployedConfig {
  readonly kv_namespaces: readonly { readonly binding: string; readonly id?: string | undefined }[];
  readonly vars: Readonly<Record<string, unknown>>;
}

const ENVIRONMENTS = ['staging', 'production'];
/** What the Worker cannot do its work without. PROXY_SECRET is only for sites whose own server passes requests on. */
const SECRETS = ['GOOGLE_SERVICE_ACCOUNT', 'IP_HASH_KEY', 'IP_HASH_KEY_ID', 'ADMIN_TOKEN'];

/** What still stands in wrangler.toml as it was delivered, each with what to run or write. */
export function placeholders({ kv_namespaces, vars }: DeployedConfig, environment: string): string[] {
  const unset = kv_namespaces.filter(({ id }) => id === undefined || /^0*$/.test(id));
  return [
    ...unset.map(
      ({ binding }) =>
        `wrangler.toml: the id of ${binding} under env.${environment} is a placeholder: run "npx wrangler kv namespace create ` +
        `touchtrail-keys${environment === 'production' ? '' : `-${environment}`}" and put the id it prints there`,
    ),
    ...(['', 'my-project', undefined].includes(vars['BIGQUERY_PROJECT'] as string | undefined)
      ? [`wrangler.toml: BIGQUERY_PROJECT under env.${environment} is a placeholder: put the id of your Google Cloud project there`]
      : []),
  ];
}

/** The secrets that a Worker lacks, each with what to run. */
export function missingSecrets(present: readonly string[], environment: string): string[] {
  return SECRETS.filter((name) => !present.includes(name)).map(
    (name) => `the Worker of ${environment} has no secret ${name}: run "npx wrangler secret put ${name} --env ${environment}"`,
  );
}

/** @returns the names of the secrets; none where there is no such Worker yet: `wrangler secret put` makes it. */
function secretsOf(environment: string): readonly string[] {
  const { status, stdout, stderr, error } = spawnSync('wrangler', ['secret', 'list', '--env', environment, '--format', 'json'], {
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status === 0) return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  if (/10007|does not exist|not found/i.test(stdout + stderr)) return [];
  throw new Error(`"wrangler secret list --env ${environment}" failed: is "npx wrangler login" done?\n${stderr || stdout}`);
}

/** @returns what stands after `--env`; undefined where it is another than the two or anything else stands there. */
function environmentIn(args: readonly string[]): string | undefined {
  const { values, tokens } = parseArgs({ args: [...args], options: { env: { type: 'string' } }, strict: false, tokens: true });
  return tokens.length === 1 ? ENVIRONMENTS.find((known) => known === values.env) : undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const environment = environmentIn(args);
  if (environment === undefined) {
    process.stderr.write('usage: npm run deploy -- --env staging|production\n');
    return 2;
  }
  // Loaded late: it takes its time, and wrong usage needs none of it.
  const { unstable_readConfig } = await import('wrangler');
  const unset = placeholders(unstable_readConfig({ config: 'wrangler.toml', env: environment }), environment);
  // An account is asked only about what can be deployed at all.
  const problems = unset.length > 0 ? unset : missingSecrets(secretsOf(environment), environment);
  if (problems.length > 0) {
    process.stderr.write(`nothing was deployed:\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
    return 1;
  }
  const deployed = spawnSync('wrangler', ['deploy', '--env', environment], { stdio: 'inherit' });
  if (deployed.error) throw deployed.error;
  return deployed.status ?? 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
