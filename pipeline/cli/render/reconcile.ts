import { LEDGER_COUNTS, type LedgerEntry } from '../../query/reconcile/ledger.ts';
import type { DeliveryState, MissingNumbers, Reconciliation } from '../../query/reconcile/reconcile.ts';
import { toCsv } from './csv.ts';
import { EMPTY } from './format.ts';
import type { Screen } from './report.ts';
import { renderTable } from './table.ts';

type Counts = Readonly<Record<(typeof LEDGER_COUNTS)[number], number>>;

/** Broken deliveries and gaps that are shown; programs get all of them. */
const SHOWN = 20;

const number = new Intl.NumberFormat('en');
const figure = (value: number) => number.format(value);
const heading = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const count = (amount: number, one: string, many: string) => `${figure(amount)} ${amount === 1 ? one : many}`;
const deliveries = (amount: number) => count(amount, 'delivery', 'deliveries');
const rowsOf = (amount: number) => count(amount, 'row', 'rows');

const cells = (counts: Counts) => LEDGER_COUNTS.map((name) => figure(counts[name]));

/** The accounts for a terminal: the ledger, the verdict, and what explains it. */
export function renderReconciliation(result: Reconciliation, { width, emphasis }: Screen): string {
  const { rows, from, to, time_zone: timeZone } = result;
  const title = `${emphasis.bold('Accounts of the edge')}, ${from} to ${to}, ${timeZone}\n\n`;
  if (rows.length === 0) return `${title}${[...verdict(result), ...notes(result)].map((line) => `${line}\n`).join('')}`;
  const ledger = renderTable({
    columns: [
      { header: 'Day', align: 'left' },
      { header: 'Write key', align: 'left' },
      ...LEDGER_COUNTS.map((name) => ({ header: heading(name), align: 'right' as const })),
    ],
    rows: rows.map((entry) => [entry.date, entry.write_key_id ?? EMPTY, ...cells(entry)]),
    footer: rows.length > 1 ? [['Total', '', ...cells(totalOf(rows))]] : [],
    width,
    emphasis,
  });
  const sections = [ledger, ...brokenSection(result, width), `${[...verdict(result), ...gapLines(result)].join('\n')}\n`];
  return (
    title +
    sections.join('\n') +
    `\n${notes(result)
      .map((line) => `${emphasis.dim(line)}\n`)
      .join('')}`
  );
}

/** The ledger as CSV: one line per day and write key. */
export function reconciliationCsv({ rows }: Reconciliation): string {
  return toCsv(
    ['date', 'write_key_id', ...LEDGER_COUNTS],
    rows.map((entry) => [entry.date, entry.write_key_id, ...LEDGER_COUNTS.map((name) => entry[name])]),
  );
}

const deliveriesOf = (gaps: readonly MissingNumbers[]) => gaps.reduce((total, gap) => total + gap.deliveries, 0);

/** What is wrong, or that nothing is: for whoever does not read the tables. */
export function verdict({ rows, broken, gaps, balanced }: Reconciliation): string[] {
  if (balanced) {
    return [rows.length === 0 ? 'Nothing was received in these days.' : 'Every row that was acknowledged is accounted for.'];
  }
  const { missing } = totalOf(rows);
  const withoutHeader = broken.filter(({ counted, found }) => counted === null || counted < found).length;
  const lost = deliveriesOf(gaps.filter((gap) => gap.lost));
  const unexplained = deliveriesOf(gaps.filter((gap) => gap.unexplained));
  return [
    ...(missing > 0 ? [`MISSING: ${rowsOf(missing)} that ${missing === 1 ? 'was' : 'were'} acknowledged.`] : []),
    ...(withoutHeader > 0
      ? [`UNPROVEN: the header of ${deliveries(withoutHeader)} is missing: nobody can say whether all of the rows are there.`]
      : []),
    ...(lost > 0 ? [`LOST: ${deliveries(lost)}, by gaps in the numbers; how many rows they held is not known.`] : []),
    ...(unexplained > 0
      ? [
          `UNEXPLAINED: ${deliveries(unexplained)} at the end of an instance, by gaps in the numbers: it may have been killed before it acknowledged them, or they are lost.`,
        ]
      : []),
  ];
}

function totalOf(rows: readonly LedgerEntry[]): Counts {
  const sum = (name: (typeof LEDGER_COUNTS)[number]) => rows.reduce((total, entry) => total + entry[name], 0);
  return Object.fromEntries(LEDGER_COUNTS.map((name) => [name, sum(name)])) as Counts;
}

function brokenSection({ broken, more_broken: more }: Reconciliation, width: number): string[] {
  if (broken.length === 0) return [];
  const table = renderTable({
    columns: [
      { header: 'Edge instance', align: 'left' },
      { header: 'Number', align: 'right' },
      { header: 'Received', align: 'left' },
      { header: 'Write key', align: 'left' },
      { header: 'Counted', align: 'right' },
      { header: 'Found', align: 'right' },
    ],
    rows: broken.slice(0, SHOWN).map(brokenCells),
    width,
  });
  const hidden = broken.length - SHOWN;
  const rest = hidden > 0 ? [`${more ? 'at least ' : ''}${deliveries(hidden)} more: all with --json`] : [];
  return [[table.trimEnd(), ...rest, ''].join('\n')];
}

const brokenCells = ({ edge_instance, edge_sequence, received_at, write_key_id, counted, found }: DeliveryState) => [
  edge_instance,
  String(edge_sequence),
  received_at,
  write_key_id ?? EMPTY,
  counted === null ? EMPTY : figure(counted),
  figure(found),
];

function gapLines({ gaps }: Reconciliation): string[] {
  const shown = gaps.slice(0, SHOWN).map(gapLine);
  return gaps.length > SHOWN ? [...shown, `${figure(gaps.length - SHOWN)} more gaps: all with --json`] : shown;
}

function gapLine(gap: MissingNumbers): string {
  const { edge_instance, first_missing, last_missing, next_received_at } = gap;
  const numbers = first_missing === last_missing ? `number ${first_missing}` : `numbers ${first_missing} to ${last_missing}`;
  return `gap: instance ${edge_instance}, ${numbers}, before ${next_received_at}: ${meaningOf(gap)}`;
}

function meaningOf({ lost, unexplained, in_flight }: MissingNumbers): string {
  if (lost) return 'lost';
  if (in_flight) return 'may still be on its way';
  return `at the end of the instance: ${unexplained ? 'lost, or never acknowledged' : 'most likely never acknowledged'}`;
}

function notes({ deployed, in_flight, cut_off, in_both, unreadable }: Reconciliation): string[] {
  return [
    ...(in_flight > 0 ? [`In flight, counted as pending: ${deliveries(in_flight)} received within the last 30 minutes.`] : []),
    ...(cut_off > 0 ? [`Cut off while they were written, so not acknowledged and not counted: ${rowsOf(cut_off)}.`] : []),
    ...(in_both > 0 ? [`Refused by the warehouse and stored all the same, counted once: ${rowsOf(in_both)}.`] : []),
    ...(unreadable.length > 0
      ? [
          `The archive holds ${count(unreadable.length, 'object', 'objects')} that nobody can read, in no column: ${unreadable.slice(0, 3).join(', ')}`,
        ]
      : []),
    deployed
      ? 'The last deliveries of an edge instance leave no gap where none of them is in the warehouse or held: they cannot be shown.'
      : 'What an edge was still storing when it was killed was never acknowledged: it is in no column, and clients send it again.',
  ];
}
