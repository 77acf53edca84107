import type { BehindConversion, BehindResult } from '../../query/journey/behind.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { behindTable } from '../../query/journey/flat.ts';
import { EMPTY, figureFormat, timeFormat } from './format.ts';
import { words } from './labels.ts';
import { renderTable } from './table.ts';
import type { TableView } from './view.ts';

/** The conversions behind a number. */
export function behindView(result: BehindResult, { project }: PublishedConfig): TableView {
  const { conversions, total, next } = result;
  const { time } = timeFormat(project.timeZone);
  const figure = figureFormat(project.currency);
  const left = ['Id', 'Time', 'Person', 'How'].map((header) => ({ header, align: 'left' as const }));
  const right = ['Sessions', 'Credit', 'Value'].map((header) => ({ header, align: 'right' as const }));
  return {
    data: result,
    table: () => behindTable(conversions),
    text: ({ width, emphasis }) => {
      if (total.conversions === 0) return 'No conversion has credit there.\n';
      const table = renderTable({
        columns: [...left, ...right],
        rows: conversions.map((row) => [
          row.id,
          time(row.conversion_time),
          row.person_id ?? EMPTY,
          howOf(row),
          row.sessions === 0 ? EMPTY : String(row.sessions),
          figure(row.credit, 'decimal'),
          figure(row.value, 'money'),
        ]),
        footer: [
          [`All ${total.conversions.toLocaleString('en')}`, '', '', '', '', figure(total.credit, 'decimal'), figure(total.value, 'money')],
        ],
        width,
        emphasis,
      });
      const more =
        next === null
          ? ''
          : emphasis.dim(`${conversions.length} of ${total.conversions} shown; more with --limit, or --after ${next}`) + '\n';
      return table + more;
    },
  };
}

function howOf({ inherited_from: head, reason }: BehindConversion): string {
  const parts = [...(reason === null ? [] : [words(reason).toLowerCase()]), ...(head === null ? [] : [`credits of ${head}`])];
  return parts.length === 0 ? EMPTY : parts.join(', ');
}
