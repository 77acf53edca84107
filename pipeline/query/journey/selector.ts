import { emailHash, isEmailHash } from '../../../edge/contract/email.ts';
import { UserError } from '../../config/user-error.ts';
import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { storedIdentifier } from '../../models/identifiers.ts';
import { USER_IDENTITIES } from '../../models/identity/tables.ts';
import { SESSIONS } from '../../models/sessions/tables.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { unknownName } from '../names.ts';
import { missingFolder, type OpenPublication } from '../publication.ts';
import type { IdentityKey, LandedLinks } from './links.ts';

/** Whom a journey is asked of. An address is hashed before anything is looked up. */
export type JourneySelector =
  | { readonly by: 'lead'; readonly value: string }
  | { readonly by: 'email'; readonly value: string }
  | { readonly by: 'anonymous_id'; readonly value: string }
  | { readonly by: 'user_id'; readonly value: string }
  | { readonly by: 'conversion'; readonly name: string; readonly id: string }
  | { readonly by: 'latest' };

/** Where the search for a person begins. */
export interface Start {
  readonly anonymousIds: readonly string[];
  readonly keys: readonly IdentityKey[];
  readonly personIds: readonly string[];
  /** The conversions that were asked for: shown even if they lead to nobody. */
  readonly conversions: readonly { readonly name: string; readonly id: string }[];
  /** The selector in words, for messages; an address only as its hash. */
  readonly described: string;
}

/** A hash of an address of the network, behind the name of its key. */
const IP_HASH = /^([\w.-]+:[0-9a-f]{8})[0-9a-f]{56}$/;

/** How an identifier is shown: of a hash the first eight digits, so that no list of people can be made from it. */
export function shownKey({ name, value }: IdentityKey): string {
  if (value.includes('@')) return `${emailHash(value).slice(0, 8)}…`;
  if (name === 'ip_hash') return value.replace(IP_HASH, '$1…');
  return name === 'email_hash' || isEmailHash(value) ? `${value.slice(0, 8).toLowerCase()}…` : value;
}

/** Turns a selector into identifiers. @throws UserError for a conversion that does not exist, or where nobody was seen. */
export async function startOf(
  selector: JourneySelector,
  links: LandedLinks,
  published: OpenPublication | undefined,
  dataFolder: string,
): Promise<Start> {
  const start = { anonymousIds: [], keys: [], personIds: [], conversions: [] };
  switch (selector.by) {
    case 'anonymous_id':
      return { ...start, anonymousIds: [selector.value], described: `anonymous_id ${selector.value}` };
    case 'email': {
      const value = isEmailHash(selector.value) ? selector.value.toLowerCase() : emailHash(selector.value);
      return { ...start, keys: [{ name: 'email_hash', value }], described: `e-mail hash ${value.slice(0, 8)}…` };
    }
    case 'user_id': {
      const key = { name: 'user_id', value: selector.value };
      // The edge stores the hash where a site uses addresses as user ids.
      const keys = selector.value.includes('@') ? [key, { name: 'user_id', value: emailHash(selector.value) }] : [key];
      return { ...start, keys, described: `user_id ${shownKey(key)}` };
    }
    case 'lead':
      return {
        ...start,
        ...(await startOfLead(storedIdentifier(selector.value), published, dataFolder)),
        described: `lead ${storedIdentifier(selector.value)}`,
      };
    case 'conversion':
      return {
        ...start,
        ...(await startOfConversion({ ...selector, id: storedIdentifier(selector.id) }, published, dataFolder)),
        described: `conversion ${selector.name}/${storedIdentifier(selector.id)}`,
      };
    case 'latest': {
      const latest = links.latestVisitor ?? (published && (await latestVisitor(published.warehouse)));
      if (latest === undefined)
        throw new UserError(
          `nobody has been seen yet in ${dataFolder}${missingFolder(dataFolder)}: no event of a visitor has landed, and none is published; bots are left out`,
        );
      return { ...start, anonymousIds: [latest], described: 'the visitor seen last' };
    }
  }
}

interface ConversionRow {
  readonly name: string;
  readonly id: string;
  readonly person_id: string | null;
  readonly client_id: string | null;
  readonly user_id: string | null;
  readonly email_hash: string | null;
}

const CONVERSION_COLUMNS = sql`conversion_name as name, id, person_id, client_id, user_id, email_hash`;

/** Everything a conversion knows of its person: a lead of this minute can have events that are not yet processed. */
function startOfRows(rows: readonly ConversionRow[]): Omit<Start, 'described'> {
  const values = (column: 'person_id' | 'client_id' | 'user_id' | 'email_hash') => [...new Set(rows.flatMap((row) => row[column] ?? []))];
  return {
    anonymousIds: values('client_id'),
    keys: [
      ...values('user_id').map((value) => ({ name: 'user_id', value })),
      ...values('email_hash').map((value) => ({ name: 'email_hash', value })),
    ],
    personIds: values('person_id'),
    conversions: rows.map(({ name, id }) => ({ name, id })),
  };
}

async function startOfConversion({ name, id }: { name: string; id: string }, published: OpenPublication | undefined, dataFolder: string) {
  if (!published)
    throw new UserError(`no publication yet in ${dataFolder}${missingFolder(dataFolder)}, so no conversions: run \`touchtrail run\``);
  const rows = await published.warehouse.rows<ConversionRow>(
    sql`select ${CONVERSION_COLUMNS} from ${table(CONVERSIONS.name)} where conversion_name = ${name} and id = ${id}`,
    'the conversion',
  );
  if (rows.length) return startOfRows(rows);
  const known = published.publication.config.conversions.map((conversion) => conversion.name);
  throw new UserError(known.includes(name) ? `there is no ${name} with the id ${id}` : unknownName('conversion', name, known));
}

async function startOfLead(lead: string, published: OpenPublication | undefined, dataFolder: string): Promise<Omit<Start, 'described'>> {
  if (!published)
    throw new UserError(`no publication yet in ${dataFolder}${missingFolder(dataFolder)}, so no leads: run \`touchtrail run\``);
  const rows = await published.warehouse.rows<ConversionRow>(
    sql`select ${CONVERSION_COLUMNS} from ${table(CONVERSIONS.name)} where lead_id = ${lead}
      order by conversion_time nulls first, conversion_name nulls first, id nulls first`,
    'conversions of the lead',
  );
  const persons = await published.warehouse.rows<{ person_id: string }>(
    sql`select distinct person_id from ${table(USER_IDENTITIES.name)}
      where key_value = ${lead} and key_name not in ('user_id', 'email_hash', 'ga_client_id')
      order by person_id nulls first`,
    'persons of the lead',
  );
  const start = startOfRows(rows);
  if (rows.length === 0 && persons.length === 0) {
    throw new UserError(`there is no lead ${lead} in the publication: neither a conversion nor a CRM row has it as its lead id`);
  }
  return { ...start, personIds: [...new Set([...start.personIds, ...persons.map(({ person_id }) => person_id)])] };
}

async function latestVisitor(warehouse: Warehouse): Promise<string | undefined> {
  const [row] = await warehouse.rows<{ anonymous_id: string }>(
    sql`select anonymous_id from ${table(SESSIONS.name)} order by ended_at desc nulls last, anonymous_id nulls first limit 1`,
    'visitor seen last',
  );
  return row?.anonymous_id;
}
