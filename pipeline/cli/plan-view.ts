import type { NightPlan, NightStatement } from '../night/dry-run.ts';
import { formatBytes } from '../warehouse/bytes.ts';
import { renderTable } from './render/table.ts';

/** What a run would do, for programs. */
export function planAsJson(plan: NightPlan): object {
  return {
    engine: plan.engine,
    bytes: plan.bytes,
    statements_of_unknown_bytes: unknown(plan).length,
    rebuilt: plan.rebuilt,
    notes: plan.notes,
    statements: plan.statements.map(({ step, label, sql, bytes, note }) => ({ step, label, bytes, note, sql })),
  };
}

/** What a run would do, for the terminal: every statement in order, then the sum and what is rebuilt. */
export function renderPlan(plan: NightPlan, options: { readonly width: number; readonly withSql: boolean }): string {
  const list = options.withSql
    ? plan.statements.map((statement, i) => withSql(statement, i, plan)).join('\n')
    : asTable(plan, options.width);
  return `${list}\n${closing(plan)}`;
}

function asTable(plan: NightPlan, width: number): string {
  const scans = plan.engine === 'bigquery';
  // Notes repeat; each is told once below.
  const notes = [...new Set(plan.statements.flatMap(({ note }) => (note === null ? [] : [note])))];
  const table = renderTable({
    columns: [
      { header: '#', align: 'right' },
      { header: 'Step', align: 'left' },
      { header: 'Statement', align: 'left' },
      ...(scans ? [{ header: 'Would scan', align: 'right' } as const, { header: 'Note', align: 'left' } as const] : []),
    ],
    rows: plan.statements.map(({ step, label, bytes, note }, i) => [
      String(i + 1),
      step,
      label,
      ...(scans ? [scan(bytes), note === null ? '' : `[${notes.indexOf(note) + 1}]`] : []),
    ]),
    width,
  });
  return notes.length === 0 ? table : `${table}\n${notes.map((note, i) => `[${i + 1}] ${note}\n`).join('')}`;
}

function withSql({ step, label, sql, bytes, note }: NightStatement, index: number, plan: NightPlan): string {
  const words = [
    `${index + 1}. ${step}: ${label}`,
    ...(plan.engine === 'bigquery' ? [`would scan: ${scan(bytes)}`] : []),
    ...(note === null ? [] : [note]),
  ];
  return `${words.map((line) => `-- ${line}\n`).join('')}${sql === '' ? '' : `${sql};\n`}`;
}

function scan(bytes: number | null): string {
  return bytes === null ? 'not known' : formatBytes(bytes);
}

function closing(plan: NightPlan): string {
  const count = plan.statements.length.toLocaleString('en');
  const left = unknown(plan).length;
  const sum =
    plan.bytes === null
      ? `${count} statements; bytes are not known`
      : `${count} statements would scan ${formatBytes(plan.bytes)}${left === 0 ? '' : `, and ${left} of them more that is not known before they run`}`;
  const rebuilt =
    plan.rebuilt.length === 0
      ? 'nothing would be rebuilt over all history'
      : `rebuilt over all history, because the definition is new or has changed: ${plan.rebuilt.join(', ')}`;
  return [sum, rebuilt, ...plan.notes, 'nothing was written'].map((line) => `${line}\n`).join('');
}

/** Statements whose bytes are not known, or not all of them. */
function unknown(plan: NightPlan): NightStatement[] {
  return plan.engine === 'bigquery'
    ? plan.statements.filter(({ bytes, note }) => bytes === null || (note?.includes('not known') ?? false))
    : [];
}
