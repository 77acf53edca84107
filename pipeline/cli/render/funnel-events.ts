import type { EventFunnelResult, EventFunnelRow } from '../../query/funnel/event-funnel.ts';
import { EMPTY, figureFormat } from './format.ts';
import { durationText, funnelTitle } from './funnel-title.ts';
import { hiddenRows, NOT_SET, noteLines } from './labels.ts';
import type { Screen } from './report.ts';
import { renderTable, type TableColumn } from './table.ts';

/** An event funnel for a terminal: per step how many came, from how many, how many were lost, after how long. */
export function renderEventFunnel(result: EventFunnelResult, { width, emphasis }: Screen): string {
  const { rows, totals, steps, meta, dimension } = result;
  const isCompared = meta.comparison_date_range !== undefined;
  const figure = figureFormat(meta.currency);
  const other = (text: string | undefined) => (isCompared ? [text ?? EMPTY] : []);
  const cells = ({ steps: now, comparison }: Omit<EventFunnelRow, 'value'>): string[] =>
    now.flatMap(({ entries, persons, rate_from_previous, dropped, median_seconds }, i) => [
      figure(entries, 'count'),
      ...other(comparison && figure(comparison[i]!.entries, 'count')),
      figure(persons, 'count'),
      ...(i === 0
        ? []
        : [
            figure(rate_from_previous, 'percent'),
            ...other(comparison && figure(comparison[i]!.rate_from_previous, 'percent')),
            figure(dropped, 'count'),
            median_seconds === null ? EMPTY : durationText(median_seconds),
          ]),
    ]);
  const table = renderTable({
    columns: [
      { header: dimension === null ? '' : result.dimension_label, align: 'left' },
      ...steps.flatMap(({ label }, i) => {
        const column = (header: string): TableColumn => ({ header, align: 'right', group: label });
        const before = isCompared ? [column('Before')] : [];
        return [
          column('Entries'),
          ...before,
          column('Persons'),
          ...(i === 0 ? [] : [column('Rate'), ...before, column('Lost'), column('Time')]),
        ];
      }),
    ],
    rows: dimension === null ? [] : rows.map((row) => [row.value ?? NOT_SET, ...cells(row)]),
    footer: [['Total', ...cells(totals)]],
    width,
    emphasis,
  });
  const { window_hours, order } = result;
  const within = window_hours === null ? 'the same session' : `${window_hours} hours`;
  const notes = [
    `An entry is a visitor's first one ${window_hours === null ? 'of a session' : `in ${within}`}; its steps lie within ${within}${order === 'strict' ? ', with no other step between them' : ''}.`,
    'Rate and Lost are of entries, from the step before; Time is the median from there.',
    ...meta.notes,
  ];
  const title = `${result.label}${dimension === null ? '' : ` by ${result.dimension_label.toLowerCase()}`}`;
  return (
    funnelTitle(title, 'entries of', meta, emphasis) + table + '\n' + noteLines([...hiddenRows(rows.length, meta), ...notes], emphasis)
  );
}
