import { type Emphasis, PLAIN } from '../../pipeline/cli/render/text.ts';
import { renderTable } from '../../pipeline/cli/render/table.ts';
import type { Bound, Figure } from './figure.ts';

export interface Result {
  readonly bench: string;
  readonly figures: readonly Figure[];
}

/** The bounds that do not hold, as `bench: name of the figure`. */
export function failures(results: readonly Result[]): string[] {
  return results.flatMap(({ bench, figures }) => figures.filter(({ holds }) => !holds).map(({ name }) => `${bench}: ${name}`));
}

/** Everything for programs: the benches with their figures, and whether all bounds hold. Ends with a line feed. */
export function toJson(results: readonly Result[]): string {
  return `${JSON.stringify({ holds: failures(results).length === 0, benches: results }, null, 2)}\n`;
}

/** A table for each bench, each figure above its references; the verdict is the last line. */
export function toText(results: readonly Result[], width: number, emphasis: Emphasis = PLAIN): string {
  const tables = results.map(
    ({ bench, figures }) => `${emphasis.bold(bench)}\n\n${tableOf(figures, width, emphasis)}${notesOf(figures)}\n`,
  );
  return tables.join('') + verdict(results);
}

/** Names the bounds that do not hold; the last line counts them. */
function verdict(results: readonly Result[]): string {
  const failed = failures(results);
  const bounds = results.flatMap(({ figures }) => figures).filter(({ bound, holds }) => bound || !holds).length;
  const all = bounds === 1 ? '1 bound' : `${bounds} bounds`;
  if (failed.length === 0) return `Verdict: good, ${bounds} of ${all} hold\n`;
  return `Beyond their bounds:\n${failed.map((name) => `  ${name}\n`).join('')}\nVerdict: bad, ${failed.length} of ${all} do not hold\n`;
}

function tableOf(figures: readonly Figure[], width: number, emphasis: Emphasis): string {
  return renderTable({
    columns: [
      { header: 'Figure', align: 'left' },
      { header: 'Measured', align: 'right' },
      { header: 'Ratio', align: 'right' },
      { header: 'Bound', align: 'right' },
      { header: 'Holds', align: 'right' },
    ],
    rows: figures.flatMap(rowsOf),
    width,
    emphasis,
  });
}

function rowsOf(figure: Figure): string[][] {
  const { name, value, unit, reference = [], ratio, bound, holds } = figure;
  const judged = bound || !holds ? (holds ? 'yes' : 'NO') : '';
  return [
    [name, value === null ? 'not measured' : quantity(value, unit), ratio === undefined ? '' : times(ratio), boundOf(figure), judged],
    ...reference.map((other) => [`  beside ${other.name}`, quantity(other.value, unit), '', '', '']),
  ];
}

function boundOf({ bound, ratio, unit, aim }: Figure): string {
  const goal = aim === undefined ? '' : ` (aim ${plain(aim)})`;
  return bound ? `${bound.kind} ${limitOf(bound, ratio, unit)}${goal}` : goal.trim();
}

const limitOf = (bound: Bound, ratio: number | undefined, unit: string): string =>
  ratio === undefined ? quantity(bound.value, unit) : times(bound.value);

function notesOf(figures: readonly Figure[]): string {
  const notes = figures.filter(({ note }) => note !== undefined).map(({ name, note }) => `${name}: ${note}\n`);
  return notes.length === 0 ? '' : `\n${notes.join('')}`;
}

const plain = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 });
const quantity = (value: number, unit: string): string => `${plain(value)} ${unit}`;
const times = (ratio: number): string => `${ratio.toLocaleString('en', { maximumFractionDigits: 2 })}×`;
