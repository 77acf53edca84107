import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql } from '../../../warehouse/sql.ts';
import { jsonPath } from '../../dimensions/json-path.ts';
import type { EventSource } from './event-source.ts';

/** Properties of events, read once into columns. */
export interface Properties {
  /** The events with a column for each property. */
  readonly query: Sql;
  /** The column of a property: its text, trimmed; NULL where there is none, or nothing in it. */
  readonly of: (path: string) => Sql;
}

/**
 * Reads properties of events.
 * @param events query of `columns` and of `properties`.
 * @param paths of the properties, as JSON.
 */
export function readProperties(dialect: Dialect, events: Sql, columns: readonly string[], paths: readonly string[]): Properties {
  const distinct = [...new Set(paths)];
  const each = (of: (path: string, i: number) => Sql) =>
    distinct.map((path, i) => sql`, ${of(path, i)}`).reduce((all, one) => sql`${all}${one}`, sql``);
  const kept = join(columns.map((name) => raw(name)));
  const query = sql`
      select ${kept}${each((_, i) => sql`nullif(${dialect.trim(raw(`text_${i}`))}, '') as ${raw(`property_${i}`)}`)}
      from (
        select ${kept}${each((path, i) => sql`${dialect.jsonText(raw('properties'), path)} as ${raw(`text_${i}`)}`)}
        from (${events}
        ) as told_events
      ) as texts`;
  const of = (path: string) => {
    const i = distinct.indexOf(path);
    if (i < 0) throw new Error(`${path} is not among the properties that were read`);
    return raw(`property_${i}`);
  };
  return { query, of };
}

export const CURRENCY = jsonPath('currency');

/** The properties that {@link idOf}, {@link valueOf} and {@link currencyOf} read. */
export const pathsOf = ({ idPaths, valuePaths }: EventSource): readonly string[] => [...idPaths, ...valuePaths, CURRENCY];

/** The id of the conversion that an event is, or of the order that it is about. */
export function idOf({ idPaths }: EventSource, { of }: Properties): Sql {
  return idPaths.length === 0 ? raw('message_id') : sql`coalesce(${join(idPaths.map(of))})`;
}

/** The value that an event names, as FLOAT64. */
export function valueOf(dialect: Dialect, { valuePaths, amount }: EventSource, { of }: Properties): Sql {
  if (amount !== undefined) return sql`${param(amount, 'FLOAT64')}`;
  if (valuePaths.length === 0) return sql`${param(null, 'FLOAT64')}`;
  return sql`coalesce(${join(valuePaths.map((path) => dialect.safeCast(of(path), 'FLOAT64')))})`;
}

/** Whether an event says anything where its value stands. */
export function hasValue({ valuePaths }: EventSource, { of }: Properties): Sql {
  return valuePaths.length === 0 ? raw('false') : sql`coalesce(${join(valuePaths.map(of))}) is not null`;
}

/** The currency that an event names; NULL where it names none. */
export const currencyOf = (dialect: Dialect, { of }: Properties): Sql => dialect.upperAscii(of(CURRENCY));
