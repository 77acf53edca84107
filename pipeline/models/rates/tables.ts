import { nullable } from '../../warehouse/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { EXCHANGE_RATES } from '../conversions/tables.ts';

export const STAGED_RATES: TableDefinition = {
  ...EXCHANGE_RATES,
  name: 'staged_exchange_rates',
  description: 'Exchange rates that are other ones now.',
  columns: EXCHANGE_RATES.columns.map((column) =>
    column.name === 'rate' ? nullable('rate', 'FLOAT64', 'As its source has it now; NULL where it has none any more.') : column,
  ),
};
