import type { Column } from '../../../edge/contract/columns.ts';
import type { Value } from '../../warehouse/warehouse.ts';
import type { Screen } from './report.ts';
import { renderTable } from './table.ts';

/** Rows of any query as a table; values as the warehouse writes them, without grouping digits. */
export function renderRows(columns: readonly Column[], rows: readonly (readonly Value[])[], { width, emphasis }: Screen): string {
  return renderTable({
    columns: columns.map(({ name, type, mode }) => ({ header: name, align: isNumber(type) && mode !== 'repeated' ? 'right' : 'left' })),
    rows: rows.map((row) => row.map(cell)),
    width,
    emphasis,
  });
}

const isNumber = (type: Column['type']) => type === 'INT64' || type === 'FLOAT64';

function cell(value: Value): string {
  if (value === null) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
