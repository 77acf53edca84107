/**
 * Which texts `safeCast` accepts, the same on both engines: each engine's own cast accepts more, and not the same
 * ("1.5" is 2 as a DuckDB integer and NULL in GoogleSQL; "t" is a boolean in DuckDB only). RE2 and ECMAScript syntax.
 */
export const TEXT_GRAMMARS = {
  INT64: '^[+-]?[0-9]+$',
  FLOAT64: '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$',
  BOOL: '^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$',
  DATE: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
  /** A date, alone or with a time of minutes, seconds or up to nine digits of fraction, and an optional offset; else UTC. */
  TIMESTAMP:
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-4])(:[0-5][0-9])?)?)?$',
} as const;

/** What a message calls the texts of a type. */
export const TEXT_EXAMPLES: Readonly<Record<keyof typeof TEXT_GRAMMARS, string>> = {
  INT64: 'a whole number such as 42',
  FLOAT64: 'a number such as 1234.5',
  BOOL: 'true or false',
  DATE: 'a date such as 2026-03-31',
  TIMESTAMP: 'a time such as 2026-03-31T09:30:00Z',
};
