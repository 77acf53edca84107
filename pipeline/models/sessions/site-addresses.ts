import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';

/** Where the search for the slash behind the host begins: behind the slashes of the longest scheme. */
const BEHIND_SCHEME = 'android-app://'.length + 1;

/**
 * An address up to a slash behind its host, by cutting alone: what {@link hostOf} says of it is what it says of the whole
 * address. A short host may keep more of its path.
 */
export function upToHost(dialect: Dialect, url: Sql): Sql {
  const closed = dialect.concat(url, raw("'/'"));
  const start = raw(String(BEHIND_SCHEME));
  return sql`substr(${closed}, 1, strpos(substr(${closed}, ${start}), '/') + ${start} - 1)`;
}

/** The host of a web address or app, lower-case, without port and the dot of the root; NULL where it has none. */
export function hostOf(dialect: Dialect, url: Sql): Sql {
  const host = dialect.regexpExtract(
    dialect.lower(url),
    String.raw`^(?:https?|android-app|ios-app)://(?:[^/?#@]*@)?(\[[^/?#\]]*\]|[^/:?#]+)`,
  );
  return dialect.regexpReplace(host, '[.]+$', '');
}

/** The path of a web address, `/` where it says none. */
export function pathOf(dialect: Dialect, url: Sql): Sql {
  return sql`coalesce(nullif(${dialect.regexpExtract(url, '^[A-Za-z]+://[^/?#]*([^?#]*)')}, ''), '/')`;
}

/** The first of these parameters, in lower case, that an address gives a value; NULL where it gives none. */
export function parameterIn(dialect: Dialect, url: Sql, names: readonly string[]): Sql {
  const alternatives = names.map((name) => name.replaceAll(/[.-]/g, '[$&]')).join('|');
  return dialect.regexpExtract(dialect.lower(url), `^[^#]*?[?&](${alternatives})=[^&#]`);
}
