import { MAXIMUM_IDENTITIES_OF_A_DEVICE } from '../../models/identity/rules.ts';
import { IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { arrayParam, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type IdentityKey, keyText, type LandedLinks } from './links.ts';
import type { EdgeRow } from './signals.ts';

/** What must not join anybody in the preview of what has landed. */
export interface Verdicts {
  readonly refuses: (anonymousId: string, key: IdentityKey) => boolean;
}

type Edge = Pick<EdgeRow, 'anonymous_id' | 'key_name' | 'key_value' | 'origin' | 'verdict' | 'reason'>;

/**
 * What the publication refused of the visitors and of the identifiers that have landed with them, and what the next run
 * will refuse by the same rules: shared devices, and the hash of a mail link with a visitor who has another address.
 */
export async function publishedVerdicts(
  warehouse: Warehouse | undefined,
  links: LandedLinks,
  anonymousIds: readonly string[],
): Promise<Verdicts> {
  const edges = warehouse ? await edgesNear(warehouse, links, anonymousIds) : [];
  const refused = new Set(edges.flatMap((edge) => (edge.verdict === 'refused' ? [edgeText(edge.anonymous_id, keyOf(edge))] : [])));
  const sharedKeys = new Set(edges.flatMap((edge) => (edge.reason === 'shared_key' ? [keyOf(edge)] : [])));
  const sharedDevices = new Set(edges.flatMap((edge) => (edge.reason === 'shared_device' ? [edge.anonymous_id] : [])));
  const submitted = new Map<string, Set<string>>();
  for (const id of anonymousIds) {
    const landed = links.evidenceWith(id);
    const published = edges.filter(({ anonymous_id }) => anonymous_id === id);
    const known = (name: string) => [
      ...landed.flatMap(({ key }) => (key.name === name ? [key.value] : [])),
      ...published.flatMap((edge) => (edge.key_name === name ? [edge.key_value] : [])),
    ];
    const most = Math.max(...['email_hash', 'user_id'].map((name) => new Set(known(name)).size));
    if (most > MAXIMUM_IDENTITIES_OF_A_DEVICE) sharedDevices.add(id);
    const emails = [
      ...landed.flatMap(({ key, onlyInLinks }) => (key.name === 'email_hash' && !onlyInLinks ? [key.value] : [])),
      ...published.flatMap((edge) => (edge.key_name === 'email_hash' && edge.origin !== 'url' ? [edge.key_value] : [])),
    ];
    submitted.set(id, new Set(emails));
  }
  return {
    refuses: (id, key) => {
      const emails = submitted.get(id);
      const otherAddress = key.name === 'email_hash' && emails !== undefined && emails.size > 0 && !emails.has(key.value);
      return otherAddress || sharedDevices.has(id) || sharedKeys.has(keyText(key)) || refused.has(edgeText(id, keyText(key)));
    },
  };
}

const keyOf = ({ key_name, key_value }: Edge) => keyText({ name: key_name, value: key_value });
const edgeText = (anonymousId: string, key: string) => JSON.stringify([anonymousId, key]);

function edgesNear(warehouse: Warehouse, links: LandedLinks, anonymousIds: readonly string[]): Promise<Edge[]> {
  const keys = new Map(anonymousIds.flatMap((id) => links.keysOfVisitor(id)).map((key) => [keyText(key), key]));
  const ofKeys = [...keys.values()].map(({ name, value }) => sql`(key_name = ${name} and key_value = ${value})`);
  return warehouse.rows<Edge>(
    sql`select anonymous_id, key_name, key_value, origin, verdict, reason from ${table(IDENTITY_EDGES.name)}
      where ${warehouse.dialect.isIn(raw('anonymous_id'), sql`${arrayParam(anonymousIds, 'STRING')}`)}
      ${ofKeys.length ? sql`or (verdict = 'refused' and (${join(ofKeys, ' or ')}))` : sql``}`,
    'verdicts',
  );
}
