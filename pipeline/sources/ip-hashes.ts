import { createIpHasher, type IpHasher } from '../../edge/contract/ip.ts';
import type { Config } from '../config/schema.ts';
import { STAGED_IP_HASHES } from '../models/identity/tables.ts';
import type { Step, StepContext } from '../models/step.ts';
import { type Sql, join, raw, sql, table } from '../warehouse/sql.ts';
import type { Row, Warehouse } from '../warehouse/warehouse.ts';

/** The key with which the edge hashes addresses. */
export interface IpHashKey {
  readonly id: string;
  readonly key: string;
}

/** The key of the deployed edge, from the secrets of the same names; undefined where either is missing or empty. */
export function ipHashKeyOf(environment: Readonly<Record<string, string | undefined>>): IpHashKey | undefined {
  const [id, key] = [environment['IP_HASH_KEY_ID']?.trimEnd(), environment['IP_HASH_KEY']?.trimEnd()];
  return id && key ? { id, key } : undefined;
}

/**
 * The identity step with the addresses of CRM rows and of `identity.blocked.ip` hashed: here, so that the key never
 * enters SQL. The mapping stands in staged_ip_hashes only while the step runs.
 * @param key undefined: nothing is linked by address, and the reader of the run is told.
 */
export function withIpHashes(step: Step, key: IpHashKey | undefined): Step {
  return async (context) => {
    const places = addressPlaces(context.config);
    if (places.length === 0) return step(context);
    await context.warehouse.load(STAGED_IP_HASHES, key ? hashedAddresses(context, createIpHasher(key.id, key.key)) : [], {
      replace: true,
      label: 'addresses',
    });
    const result = await step(context);
    await context.warehouse.load(STAGED_IP_HASHES, [], { replace: true, label: 'addresses' });
    return key ? result : { ...result, warnings: [...result.warnings, missingKey(places)] };
  };
}

/**
 * The conversions step with the addresses that queries return hashed, as {@link withIpHashes} does it: the mapping stands
 * in staged_ip_hashes only while the step runs.
 * @param key undefined: no conversion is found by its address, and the reader of the run is told.
 */
export function withQueryIpHashes(step: Step, key: IpHashKey | undefined): Step {
  return async (context) => {
    const { warehouse } = context;
    const empty = () => warehouse.load(STAGED_IP_HASHES, [], { replace: true, label: 'addresses' });
    const hasher = key && createIpHasher(key.id, key.key);
    const known = new Set<string>();
    let asked = false;
    const hashAddresses = async (addresses: Sql): Promise<void> => {
      if (!asked) await empty();
      asked = true;
      if (hasher)
        await warehouse.load(STAGED_IP_HASHES, hashed(distinctTexts(warehouse, addresses), hasher, known), { label: 'addresses' });
    };
    const result = await step({ ...context, hashAddresses });
    if (asked) await empty();
    return hasher || !asked ? result : { ...result, warnings: [...result.warnings, QUERIES_WITHOUT_KEY] };
  };
}

const HOW_TO_GET_THE_KEY = 'set IP_HASH_KEY and IP_HASH_KEY_ID to the secrets of the edge';
const QUERIES_WITHOUT_KEY =
  'conversions: no ip_address finds a person, because the key that addresses are hashed with is not known here; ' + HOW_TO_GET_THE_KEY;

function missingKey(places: readonly string[]): string {
  return (
    `${places.join(', ')}: addresses link and block nobody, because the key they are hashed with is not known here; ` + HOW_TO_GET_THE_KEY
  );
}

/** Where the config holds or names addresses. */
function addressPlaces(config: Config): string[] {
  const columns = addressColumns(config).map(({ source, column }) => `sources.${source}.identity.${column}`);
  return config.identity.blocked.ip.length > 0 ? [...columns, 'identity.blocked.ip'] : columns;
}

const addressColumns = (config: Config) =>
  Object.entries(config.sources).flatMap(([source, { identity }]) =>
    Object.entries(identity).flatMap(([column, kind]) => (kind === 'ip_address' ? [{ source, column }] : [])),
  );

async function* hashedAddresses({ warehouse, config }: StepContext, hasher: IpHasher): AsyncGenerator<Row> {
  yield* hashed(addresses(warehouse, config, config.identity.blocked.ip), hasher, new Set());
}

/** Every text that is not known yet with its hash; one that is no address has none. */
async function* hashed(texts: AsyncIterable<string>, hasher: IpHasher, known: Set<string>): AsyncGenerator<Row> {
  for await (const address of texts) {
    if (known.has(address)) continue;
    known.add(address);
    const hash = await hasher.hash(address);
    if (hash !== null) yield { address, ip_hash: `${hasher.keyId}:${hash}` };
  }
}

async function* addresses(warehouse: Warehouse, config: Config, blocked: readonly string[]): AsyncGenerator<string> {
  yield* blocked;
  const queries = addressColumns(config).map(
    ({ source, column }): Sql =>
      sql`select ${warehouse.dialect.trim(warehouse.dialect.castText(raw(`crm.${column}`)))} as address from ${table(source)} as crm`,
  );
  if (queries.length > 0) yield* distinctTexts(warehouse, join(queries, ' union all '));
}

/** The texts of a query's column `address`, each once. */
async function* distinctTexts(warehouse: Warehouse, query: Sql): AsyncGenerator<string> {
  const distinct = sql`select distinct address from (${query}) as texts where address is not null and address <> ''`;
  for await (const [texts] of warehouse.batches(distinct, 'addresses')) yield* texts as readonly string[];
}
