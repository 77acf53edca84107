import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { REFERRER_MEDIUM, SITES, type Site } from './sites.ts';

/** A host of more labels than this is looked up by its last ones only. */
const LONGEST_HOST = 6;
/** `google` of google.de, google.co.uk, google.com.br: what `google.*` in the list stands for. */
const COUNTRY_ENDING = '^(.+?)[.](?:(?:co|com|net|org|or|ne|ac)[.][a-z]{2}|[a-z]{2,3})$';

/**
 * The sites that a project's texts are looked up in: the built-in list and the own domains, with all their subdomains
 * and without regard to a leading "www.".
 */
export function projectSites(ownDomains: readonly string[]): Site[] {
  const own = ownDomains.map((domain) => domain.toLowerCase().replace(/^www\./, ''));
  const claimed = new Set(own);
  const listed = SITES.map((site) => ({ ...site, hosts: site.hosts.filter((host) => !claimed.has(host)) }));
  return [...listed, ...[...claimed].map((domain): Site => ({ category: 'own', source: domain, hosts: [domain] }))];
}

/**
 * A query that finds the site each text belongs to, where one is known.
 * @param texts query of a column `text`: lower-case hosts or utm_source values; copies are fine.
 * @returns query of (text, source, medium, category): the entry with the longest matching host.
 */
export function siteLookup(dialect: Dialect, texts: Sql, sites: readonly Site[]): Sql {
  const rows = sites.flatMap((site) =>
    site.hosts.map((host) => [host, site.source, REFERRER_MEDIUM[site.category], site.category] as const),
  );
  const list = dialect.values('site', { host: 'STRING', source: 'STRING', medium: 'STRING', category: 'STRING' }, rows);
  const endings = Array.from({ length: LONGEST_HOST }, (_, labels) => {
    // Without `labels` labels of the front: a.b.example → b.example → example.
    const ending = labels === 0 ? raw('text') : dialect.regexpExtract(raw('text'), `^(?:[^.]+[.]){${labels}}(.+)$`);
    return sql`select text, ${ending} as host from wanted`;
  });
  return sql`
    with wanted as (
      select distinct text from (${texts}) as given where text is not null
    ),
    endings as (
      ${join(endings, '\n      union all\n      ')}
    ),
    candidates as (
      select text, host from endings where host is not null
      union all
      select text, ${dialect.concat(dialect.regexpExtract(raw('host'), COUNTRY_ENDING), raw("'.*'"))} as host
      from endings
      where host is not null
    )
    select candidates.text, site.source, site.medium, site.category
    from candidates
    inner join ${list} on site.host = candidates.host
    qualify row_number() over (
      partition by candidates.text order by length(candidates.host) desc nulls last, candidates.host nulls first
    ) = 1`;
}
