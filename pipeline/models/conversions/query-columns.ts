import type { Column, ColumnType } from '../../../edge/contract/columns.ts';
import { nearest } from '../../config/suggest.ts';

/** A column a conversion query may return. */
interface QueryColumn {
  readonly types: readonly ColumnType[];
  /** The types in words; how to get there. */
  readonly expected: string;
  readonly hint: string;
}

const TEXT: QueryColumn = { types: ['STRING'], expected: 'STRING', hint: 'cast(… as string)' };
const TIME: QueryColumn = { types: ['TIMESTAMP', 'DATE'], expected: 'TIMESTAMP or DATE', hint: 'cast(… as timestamp)' };

/** The contract of a conversion query. */
export const QUERY_COLUMNS = {
  id: TEXT,
  created: TIME,
  client_id: TEXT,
  lead_id: TEXT,
  user_id: TEXT,
  email: TEXT,
  email_hash: TEXT,
  ip_address: TEXT,
  attribution_time: TIME,
  value: { types: ['FLOAT64', 'INT64'], expected: 'FLOAT64', hint: 'cast it to a number' },
  currency: TEXT,
  self_reported_source: TEXT,
  is_qualified: { types: ['BOOL'], expected: 'BOOL', hint: 'a comparison such as stage = 2' },
  params: { types: ['STRUCT'], expected: 'ARRAY<STRUCT<key STRING, value STRING>>', hint: 'an array of structs' },
} as const satisfies Readonly<Record<string, QueryColumn>>;
export type QueryColumnName = keyof typeof QUERY_COLUMNS;

/**
 * What is wrong with the columns of a conversion query, in words; empty where nothing is.
 * @param needs.inherits whether the conversion has a parent, whose id lead_id is.
 */
export function columnProblems(columns: readonly Column[], needs: { readonly inherits: boolean } = { inherits: false }): string[] {
  const names = columns.map((column) => column.name);
  const problems = columns.flatMap((column) => problemOf(column, names));
  const missing = (name: QueryColumnName, because = '') => {
    if (names.includes(name)) return [];
    // A name that is no column of the contract, but near to this one, is what was meant.
    const meant = nearest(
      name,
      names.filter((candidate) => !Object.hasOwn(QUERY_COLUMNS, candidate)),
    );
    const hint = meant === undefined ? '' : `; did you mean it by "${meant}"? Then write: ${meant} as ${name}`;
    return [`column "${name}" is missing; expected ${QUERY_COLUMNS[name].expected}${because}${hint}`];
  };
  const duplicates = names.filter((name, i) => names.indexOf(name) !== i).map((name) => `column "${name}" stands there twice`);
  const identified = needs.inherits
    ? missing('lead_id', ', the id of the conversion it inherits from')
    : names.includes('lead_id')
      ? []
      : missing('client_id', ' (or lead_id)');
  return [...missing('id'), ...missing('created'), ...identified, ...duplicates, ...problems];
}

function problemOf(column: Column, names: readonly string[]): string[] {
  if (!Object.hasOwn(QUERY_COLUMNS, column.name)) {
    const free = Object.keys(QUERY_COLUMNS).filter((name) => !names.includes(name));
    const near = nearest(column.name, free);
    const advice =
      near === undefined
        ? `expected one of ${Object.keys(QUERY_COLUMNS).join(', ')}; other values belong into params`
        : `did you mean "${near}"?`;
    return [`column "${column.name}" is unknown; ${advice}`];
  }
  const { types, expected, hint }: QueryColumn = QUERY_COLUMNS[column.name as QueryColumnName];
  const repeated = column.mode === 'repeated';
  const fits = types.includes(column.type) && repeated === (column.name === 'params') && (column.name !== 'params' || isParams(column));
  if (fits) return [];
  return [`column "${column.name}" is ${repeated ? `ARRAY<${column.type}>` : column.type}; expected ${expected}, for example by ${hint}`];
}

function isParams(column: Column): boolean {
  const fields = column.fields ?? [];
  return (
    fields.length === 2 &&
    ['key', 'value'].every((name) => fields.some((field) => field.name === name && field.type === 'STRING' && field.mode !== 'repeated'))
  );
}
