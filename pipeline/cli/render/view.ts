import type { FlatTable } from '../../query/export/flat.ts';
import type { Screen } from './report.ts';

/** An answer in its forms: for programs, for a terminal, and as the table that CSV and Parquet files hold. */
export interface TableView {
  readonly data: object;
  text(screen: Screen): string;
  table(): FlatTable;
}
