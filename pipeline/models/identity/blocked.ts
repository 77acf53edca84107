import { emailHash } from '../../../edge/contract/email.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { IDENTITY_BLOCKED_VALUES, STAGED_IP_HASHES } from './tables.ts';

/** Hashes and click ids are never one of these words by accident. */
const KEYS_WITHOUT_WORDS = ['email_hash', 'ip_hash', 'click_id'] as const;

/** What programs write where they know no id: as an identifier it would join strangers. Lower case. */
export const BLOCKED_WORDS = [
  'null',
  'nil',
  'none',
  'undefined',
  'nan',
  'n/a',
  'na',
  'unknown',
  'anonymous',
  'anon',
  'guest',
  'user',
  'admin',
  'test',
  'true',
  'false',
  '-1',
  '[object object]',
  '(not set)',
] as const;

/** Mailboxes that belong to a role instead of a person. */
export const ROLE_MAILBOXES = [
  'abuse',
  'accounting',
  'accounts',
  'admin',
  'billing',
  'careers',
  'contact',
  'donotreply',
  'enquiries',
  'finance',
  'hello',
  'help',
  'hostmaster',
  'hr',
  'info',
  'invoices',
  'it',
  'jobs',
  'kontakt',
  'mail',
  'marketing',
  'news',
  'newsletter',
  'no-reply',
  'no_reply',
  'noreply',
  'office',
  'orders',
  'postmaster',
  'press',
  'purchasing',
  'reception',
  'sales',
  'security',
  'service',
  'support',
  'team',
  'webmaster',
] as const;

/** What people type to get past a form. */
export const TEST_ADDRESSES = [
  'a@a.com',
  'a@b.com',
  'abc@abc.com',
  'asdf@asdf.com',
  'email@email.com',
  'email@example.com',
  'example@example.com',
  'foo@bar.com',
  'me@me.com',
  'name@example.com',
  'noemail@noemail.com',
  'none@none.com',
  'no@no.com',
  'test@example.com',
  'test@gmail.com',
  'test@test.com',
  'test@test.de',
  'test123@gmail.com',
  'user@example.com',
  'xxx@xxx.com',
] as const;

const listOf = (words: readonly string[]): Sql => raw(words.map((word) => `'${word}'`).join(', '));

/** One of the words, or zeros and hyphens only. A pattern, because the engine would join so long a list with all rows. */
const BLOCKED_WORD = `^(?:${BLOCKED_WORDS.map((word) => word.replaceAll(/[[\]()]/g, String.raw`\$&`)).join('|')}|[0-]*)$`;

/** Whether a key, of the row of that alias, is blocked as a word: `null`, `anonymous`, zeros and hyphens. */
export function isBlockedWord(dialect: Dialect, alias: string): Sql {
  const value = dialect.lower(dialect.trim(raw(`${alias}.key_value`)));
  return sql`(case when ${raw(alias)}.key_name in (${listOf(KEYS_WITHOUT_WORDS)}) then false
      else ${dialect.regexpContains(value, BLOCKED_WORD)} end)`;
}

/**
 * Query of the (key_name, key_value) that the config and the CRM's data block: test addresses, role mailboxes at every
 * domain that the CRM's addresses have, and what the config lists. Reads staged_ip_hashes.
 */
export function blockedRows(dialect: Dialect, config: Config): Sql {
  const { user_id: userIds, email, email_domains: domains, ip, ...others } = config.identity.blocked;
  const mailboxes = [...new Set([...ROLE_MAILBOXES, ...email.flatMap((text) => (text.endsWith('@*') ? [mailbox(text)] : []))])];
  const addresses = [...TEST_ADDRESSES, ...email.filter((text) => !text.endsWith('@*'))].map((address) => [
    'email_hash',
    emailHash(address),
  ]);
  const texts = Object.entries({ user_id: userIds, ...others }).flatMap(([name, values]) => values.map((value) => [name, value]));
  const given = dialect.values('given', { key_name: 'STRING', key_value: 'STRING' }, [...addresses, ...texts]);
  const mailboxRows = dialect.values('mailboxes', { name: 'STRING' }, mailboxes.map((name) => [name])); // prettier-ignore
  const addressRows = dialect.values('blocked', { address: 'STRING' }, ip.map((address) => [address])); // prettier-ignore
  return sql`
    with domains as (${join(
      [
        sql`
      select name from ${dialect.values(
        'given_domains',
        { name: 'STRING' },
        domains.map((name) => [name.toLowerCase()]),
      )}`,
        ...crmDomains(dialect, config),
      ],
      '\n      union distinct',
    )}
    )
    select distinct key_name, key_value from ${given}
    union distinct
    select 'email_hash' as key_name, ${dialect.emailHash(dialect.concat(raw('mailboxes.name'), raw("'@'"), raw('domains.name')))} as key_value
    from domains
    cross join ${mailboxRows}
    union distinct
    select 'ip_hash' as key_name, hashes.ip_hash as key_value
    from ${table(STAGED_IP_HASHES.name)} as hashes
    inner join ${addressRows} on blocked.address = hashes.address`;
}

const mailbox = (pattern: string): string => pattern.slice(0, -2).toLowerCase();

/** The domains of the addresses in the CRM: queries of (name). */
function crmDomains(dialect: Dialect, config: Config): Sql[] {
  return Object.entries(config.sources).flatMap(([name, source]) =>
    Object.entries(source.identity)
      .filter(([, kind]) => kind === 'email')
      .map(([column]) => {
        const domain = dialect.regexpExtract(
          dialect.lower(dialect.trim(dialect.castText(raw(`crm.${column}`)))),
          '^[^@]+@([^@[:space:]]+[.][^@[:space:]]+)$',
        );
        return sql`
      select ${domain} as name
      from ${table(name)} as crm
      where ${domain} is not null`;
      }),
  );
}

/** The table of what is blocked beside the words. */
export const BLOCKED = table(IDENTITY_BLOCKED_VALUES.name);
