import type { Dialect } from '../../warehouse/dialect.ts';
import { type ChannelsConfig, SITE_KINDS, type SiteKind } from '../../config/channels.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { REFERRER_MEDIUM, SITES, type Site, type SiteCategory } from './sites.ts';

/** A host of more labels than this is looked up by its last ones only. */
const LONGEST_HOST = 6;
/** `google` of google.de, google.co.uk, google.com.br: what `google.*` in the list stands for. */
const COUNTRY_ENDING = '^(.+?)[.](?:(?:co|com|net|org|or|ne|ac)[.][a-z]{2}|[a-z]{2,3})$';

const CATEGORY: Readonly<Record<SiteKind, SiteCategory>> = {
  search: 'search',
  social: 'social',
  video: 'video',
  shopping: 'shopping',
  ai: 'ai',
  mail: 'mail',
  referral: 'plain',
  excluded: 'transit',
};

const bare = (host: string): string => host.toLowerCase().replace(/^www\./, '');

/**
 * The sites that a project's texts are looked up in: the own domains and the sites of the config, then the built-in list,
 * all with their subdomains and without regard to a leading "www.".
 */
export function projectSites(ownDomains: readonly string[], added?: ChannelsConfig['sites']): Site[] {
  const own = [...new Set(ownDomains.map(bare))].map((domain): Site => ({
    category: 'own',
    source: domain,
    hosts: [domain],
    ofProject: true,
  }));
  const project = SITE_KINDS.flatMap((kind) =>
    (added?.[kind] ?? [])
      .map(bare)
      .map((host): Site => ({ category: CATEGORY[kind], source: host.replace(/\.\*$/, ''), hosts: [host], ofProject: true })),
  );
  return [...own, ...project, ...SITES];
}

/**
 * A query that finds the site each text belongs to, where one is known.
 * @param texts query of a column `text`: lower-case hosts or utm_source values; copies are fine.
 * @returns query of (text, source, medium, category): of the entries that fit the one of the project, then the one with the longest host.
 */
export function siteLookup(dialect: Dialect, texts: Sql, sites: readonly Site[]): Sql {
  const list = (alias: string, ofProject: boolean) => {
    const rows = sites
      .filter((site) => (site.ofProject ?? false) === ofProject)
      .flatMap((site) => site.hosts.map((host) => [host, site.source, site.category] as const));
    return dialect.values(alias, { host: 'STRING', source: 'STRING', category: 'STRING' }, rows);
  };
  // Of many labels the last ones alone.
  const shortened = dialect.regexpExtract(raw('text'), `((?:[^.]+[.]){0,${LONGEST_HOST - 1}}[^.]+)$`);
  const endings = Array.from({ length: LONGEST_HOST }, (_, labels) => {
    // Without `labels` labels of the front: a.b.example → b.example → example.
    const ending = labels === 0 ? raw('host') : dialect.regexpExtract(raw('host'), `^(?:[^.]+[.]){${labels}}(.+)$`);
    return sql`select text, ${ending} as host from wanted`;
  });
  return sql`
    with wanted as (
      select distinct text, ${shortened} as host from (${texts}) as given where text is not null
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
    ),
    sites as (
      select host, source, category, 0 as place from ${list('own_site', true)}
      union all
      select host, source, category, 1 as place from ${list('listed_site', false)}
    )
    select candidates.text, sites.source, ${mediumOfCategory()} as medium, sites.category
    from candidates
    inner join sites on sites.host = candidates.host
    qualify row_number() over (
      partition by candidates.text
      order by sites.place nulls first, length(candidates.host) desc nulls last, candidates.host nulls first
    ) = 1`;
}

/** The medium of a referrer, by the kind of its site: the list itself stays short. */
function mediumOfCategory(): Sql {
  const cases = Object.entries(REFERRER_MEDIUM).flatMap(([category, medium]) =>
    medium === null ? [] : [sql`when sites.category = ${category} then ${medium}`],
  );
  return sql`case ${join(cases, ' ')} end`;
}
