import { BIGINT, BOOLEAN, DOUBLE, type DuckDBType, type DuckDBValue, LIST, VARCHAR, listValue } from '@duckdb/node-api';
import type { Param, ParamValue, Sql } from '../sql.ts';
import { identifier, scalarType } from './syntax.ts';

export interface RenderedSql {
  readonly text: string;
  readonly values: Record<string, DuckDBValue>;
  readonly types: Record<string, DuckDBType>;
}

/** SQL as DuckDB takes it: parameters named `$p1`, `$p2` … and typed, so that a statement can be described unbound. */
export function render(query: Sql): RenderedSql {
  const values: Record<string, DuckDBValue> = {};
  const types: Record<string, DuckDBType> = {};
  let count = 0;
  const text = query.parts
    .map((part) => {
      if (typeof part === 'string') return part;
      if (part.kind === 'table') return identifier(part.name);
      const name = `p${++count}`;
      values[name] = bound(part);
      types[name] = part.array ? LIST(boundType(part)) : boundType(part);
      return `cast($${name} as ${scalarType(part.type)}${part.array ? '[]' : ''})`;
    })
    .join('');
  return { text, values, types };
}

/** Times and dates are bound as text and cast by the engine. */
function boundType(param: Param): DuckDBType {
  if (param.type === 'INT64') return BIGINT;
  if (param.type === 'FLOAT64') return DOUBLE;
  return param.type === 'BOOL' ? BOOLEAN : VARCHAR;
}

function bound(param: Param): DuckDBValue {
  const one = (value: ParamValue): DuckDBValue => (param.type === 'INT64' && value !== null ? BigInt(value) : value);
  return param.array ? listValue((param.value as readonly ParamValue[]).map(one)) : one(param.value as ParamValue);
}
