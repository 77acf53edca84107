import type { KeptPublication } from '../../query/publications.ts';
import { toCsv } from './csv.ts';
import { EMPTY, timeFormat } from './format.ts';
import type { View } from './identity.ts';
import { renderTable } from './table.ts';

const COLUMNS = ['publication_id', 'published_at', 'data_up_to', 'sessions', 'conversions', 'cost_rows', 'is_current'] as const;

const figure = (value: number): string => value.toLocaleString('en');

/** The publications that can be read. */
export function publicationsView(rows: readonly KeptPublication[]): View {
  return {
    data: rows,
    csv: () =>
      toCsv(
        [...COLUMNS],
        rows.map((row) => COLUMNS.map((name) => row[name])),
      ),
    text: ({ width, emphasis }) =>
      rows.length === 0
        ? ''
        : renderTable({
            columns: [
              ...['Publication', 'Published', 'Data up to', ''].map((header) => ({ header, align: 'left' as const })),
              ...['Sessions', 'Conversions', 'Cost rows'].map((header) => ({ header, align: 'right' as const })),
            ],
            rows: rows.map((row) => {
              const { time } = timeFormat(row.time_zone);
              return [
                row.publication_id,
                time(row.published_at),
                row.data_up_to === null ? EMPTY : time(row.data_up_to),
                row.is_current ? 'current' : '',
                figure(row.sessions),
                figure(row.conversions),
                figure(row.cost_rows),
              ];
            }),
            width,
            emphasis,
          }),
  };
}
