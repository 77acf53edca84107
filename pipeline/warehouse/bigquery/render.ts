import type { Param, ParamValue, Sql } from '../sql.ts';
import { identifier, scalarType } from './syntax.ts';

/** A parameter as BigQuery's REST interface takes it. */
export interface QueryParameter {
  readonly name: string;
  readonly parameterType: { readonly type: string; readonly arrayType?: { readonly type: string } };
  readonly parameterValue: ParameterValue;
}

/** Without a value it is NULL. The array is mutable because the client library asks for one. */
export interface ParameterValue {
  readonly value?: string;
  readonly arrayValues?: ParameterValue[];
}

export interface RenderedQuery {
  readonly query: string;
  readonly queryParameters: readonly QueryParameter[];
}

/** SQL as BigQuery takes it: tables with project and dataset, parameters named `@p1`, `@p2` …, each with its type. */
export function render(source: Sql, dataset: string): RenderedQuery {
  const queryParameters: QueryParameter[] = [];
  const query = source.parts
    .map((part) => {
      if (typeof part === 'string') return part;
      if (part.kind === 'table') return identifier(`${dataset}.${part.name}`);
      const name = `p${queryParameters.length + 1}`;
      queryParameters.push(parameter(name, part));
      return `@${name}`;
    })
    .join('');
  return { query, queryParameters };
}

function parameter(name: string, param: Param): QueryParameter {
  const type = scalarType(param.type).toUpperCase();
  if (!param.array) return { name, parameterType: { type }, parameterValue: written(param.value as ParamValue) };
  const arrayValues = (param.value as readonly ParamValue[]).map(written);
  return { name, parameterType: { type: 'ARRAY', arrayType: { type } }, parameterValue: { arrayValues } };
}

function written(value: ParamValue): ParameterValue {
  return value === null ? {} : { value: String(value) };
}
