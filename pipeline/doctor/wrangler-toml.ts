/** What is looked at in one environment of a `wrangler.toml`. */
export interface DeployedConfig {
  readonly kv_namespaces: readonly { readonly binding: string; readonly id?: string | undefined }[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly queues?: { readonly consumers?: readonly { readonly dead_letter_queue?: string | undefined }[] | undefined };
}

/** What cannot be deployed so, and what to run or write. */
export interface WranglerFault {
  readonly says: string;
  readonly remedy: string;
}

/**
 * What is still as it was delivered, or does not fit together.
 * @param environment as in `[env.staging]`; default: the config has none.
 */
export function wranglerFaults({ kv_namespaces, vars, queues }: DeployedConfig, environment = ''): WranglerFault[] {
  const under = environment && ` under env.${environment}`;
  const store = `npx wrangler kv namespace create touchtrail-keys${['', 'production'].includes(environment) ? '' : `-${environment}`}`;
  const unset = kv_namespaces.filter(({ id }) => id === undefined || /^0*$/.test(id));
  return [
    ...unset.map(({ binding }) => ({
      says: `the id of ${binding}${under} is a placeholder`,
      remedy: `${environment ? '' : 'bash deploy/cloudflare.sh, or: '}run "${store}" and put the id it prints there`,
    })),
    ...(['', 'my-project', undefined].includes(vars['BIGQUERY_PROJECT'] as string | undefined)
      ? [{ says: `BIGQUERY_PROJECT${under} is a placeholder`, remedy: 'put the id of your Google Cloud project there' }]
      : []),
    ...(queues?.consumers ?? []).flatMap(({ dead_letter_queue }) => deadQueueFault(dead_letter_queue, vars['DEAD_QUEUE'], under)),
  ];
}

/** The Worker tells dead letters by `DEAD_QUEUE`; without it, by a queue whose name says so. */
function deadQueueFault(queue: string | undefined, variable: unknown, under: string): WranglerFault[] {
  if (queue === undefined || queue === variable || (!variable && /-dead(-|$)/.test(queue))) return [];
  const said = variable ? `is ${JSON.stringify(variable)}` : 'is not set';
  return [
    {
      says: `DEAD_QUEUE${under} ${said}, but dead_letter_queue is "${queue}": dead letters would be taken for new ones`,
      remedy: `DEAD_QUEUE = "${queue}" among the variables`,
    },
  ];
}

/**
 * The environments of a `wrangler.toml` by name, `''` for what stands outside of them; those without key store, queues and variables
 * are left out. Reads tables of one `name = "text"` a line, as Touchtrail's own files have them: TOML as a whole is wrangler's business,
 * which need not be installed where the doctor is.
 */
export function environmentsIn(text: string): Map<string, DeployedConfig> {
  const found = new Map<string, Tables>();
  let table: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name] = /^\s*\[{1,2}\s*([\w.-]+)\s*\]{1,2}/.exec(line) ?? [];
    const [, key, value] = /^\s*([\w-]+)\s*=\s*["']([^"']*)["']/.exec(line) ?? [];
    if (key !== undefined) table[key] = value!;
    if (name === undefined) continue;
    table = {};
    const [, environment = '', part = name] = /^env\.([\w-]+)\.(.+)$/.exec(name) ?? [];
    if (!['vars', 'kv_namespaces', 'queues.consumers'].includes(part)) continue;
    let config = found.get(environment);
    if (!config) found.set(environment, (config = { kv_namespaces: [], vars: {}, queues: { consumers: [] } }));
    if (part === 'vars') config.vars = table;
    else if (part === 'kv_namespaces') config.kv_namespaces.push(table as { binding: string });
    else config.queues.consumers.push(table);
  }
  return found;
}

interface Tables {
  kv_namespaces: { binding: string; id?: string }[];
  vars: Record<string, string>;
  queues: { consumers: { dead_letter_queue?: string }[] };
}
