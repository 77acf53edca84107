/** Of the years 1 to 9999: the year 0 is a date for DuckDB only. */
const DATE = '(000[1-9]|00[1-9][0-9]|0[1-9][0-9][0-9]|[1-9][0-9]{3})-[0-9]{2}-[0-9]{2}';
/** GoogleSQL takes no offset beyond 14 hours. */
const OFFSET = '(Z|[+-](0[0-9]|1[0-3])(:[0-5][0-9])?|[+-]14(:00)?)';

/**
 * Which texts `safeCast` accepts, the same on both engines: each engine's own cast accepts more, and not the same
 * ("1.5" is 2 as a DuckDB integer and NULL in GoogleSQL; "t" is a boolean in DuckDB only). RE2 and ECMAScript syntax.
 */
export const TEXT_GRAMMARS = {
  INT64: '^[+-]?[0-9]+$',
  FLOAT64: '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$',
  BOOL: '^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$',
  DATE: `^${DATE}$`,
  /** A date, alone or with a time of minutes, seconds or up to nine digits of fraction, and an optional offset; else UTC. */
  TIMESTAMP: `^${DATE}([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?${OFFSET}?)?$`,
} as const;

/** What a message calls the texts of a type. */
export const TEXT_EXAMPLES: Readonly<Record<keyof typeof TEXT_GRAMMARS, string>> = {
  INT64: 'a whole number such as 42',
  FLOAT64: 'a number such as 1234.5',
  BOOL: 'true or false',
  DATE: 'a date such as 2026-03-31',
  TIMESTAMP: 'a time such as 2026-03-31T09:30:00Z',
};
