import type { Column, ColumnType } from '../../edge/contract/columns.ts';

/** Shorthands for table definitions: the description is never optional. */
export const required = (name: string, type: ColumnType, description: string): Column => ({ name, type, mode: 'required', description });
export const nullable = (name: string, type: ColumnType, description: string): Column => ({ name, type, mode: 'nullable', description });
export const repeated = (name: string, fields: readonly Column[], description: string): Column => ({
  name,
  type: 'STRUCT',
  mode: 'repeated',
  fields,
  description,
});
