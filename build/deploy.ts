import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { wranglerFaults } from '../pipeline/doctor/wrangler-toml.ts';

const ENVIRONMENTS = ['staging', 'production'];
/** What the Worker cannot do its work without. PROXY_SECRET is only for sites whose own server passes requests on. */
const SECRETS = ['GOOGLE_SERVICE_ACCOUNT', 'IP_HASH_KEY', 'IP_HASH_KEY_ID', 'ADMIN_TOKEN'];

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
  const unset = wranglerFaults(unstable_readConfig({ config: 'wrangler.toml', env: environment }), environment).map(
    ({ says, remedy }) => `wrangler.toml: ${says}: ${remedy}`,
  );
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
