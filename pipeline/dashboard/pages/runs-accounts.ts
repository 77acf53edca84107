import type { PublishedAccount } from '../../models/accounting/published.ts';
import { toCsv } from '../../query/export/csv.ts';
import { dayText, EMPTY } from '../../query/format.ts';
import type { Accounts } from '../../query/runs/accounts.ts';
import { emptyState, section } from '../components/section.ts';
import { table, type TableCell } from '../components/table.ts';
import { html, type Html } from '../html.ts';
import type { PageContext } from '../page.ts';

const COUNTS = ['accepted', 'stored', 'duplicate', 'failed', 'erased', 'pending', 'missing'] as const;
const HEADS: Readonly<Record<(typeof COUNTS)[number], string>> = {
  accepted: 'Acknowledged by the edge',
  stored: 'In the events',
  duplicate: 'A copy of an event that is stored',
  failed: 'Rejected, kept in failed_events',
  erased: 'Of persons who were erased',
  pending: 'Loaded after the run had looked at the events',
  missing: 'Counted by a delivery and not in the warehouse',
};

/** What became of every row that the edge acknowledged. */
export function accountsSection(context: PageContext, accounts: Accounts | undefined, csv: string): Html {
  const title = 'Accounts of the edge';
  if (accounts === undefined) {
    const next = html`<code>touchtrail reconcile</code> prints them. Publications of an earlier version have none, and none of BigQuery:
      there they would cost a reading of all events every night.`;
    return section({ title, body: emptyState('Not in this publication', next) });
  }
  const { rows, from, to } = accounts;
  if (rows.length === 0) {
    const next = html`From ${dayText(from)} to ${dayText(to)} nothing was loaded. <code>touchtrail doctor</code> says whether the site
      sends.`;
    return section({ title, body: emptyState('The edge acknowledged nothing', next) });
  }
  const total = (name: (typeof COUNTS)[number]) => rows.reduce((sum, row) => sum + row[name], 0);
  const missing = total('missing');
  return section({
    title,
    csv,
    body: html`<p>
        ${missing === 0 ? 'Every row that was acknowledged is accounted for.' : html`<strong class="failed">${context.figure(missing, 'count')} acknowledged ${missing === 1 ? 'row is' : 'rows are'} missing.</strong> A deployed edge may still hold some of them; <code>touchtrail reconcile</code> asks it, and names the deliveries.`}
      </p>
      ${table({
        caption: `By day of receipt and write key, from ${dayText(from)} to ${dayText(to)}: accepted is the sum of the others`,
        columns: [
          { key: 'date', label: 'Day' },
          { key: 'key', label: 'Write key', text: true },
          ...COUNTS.map((name) => ({ key: name, label: name.charAt(0).toUpperCase() + name.slice(1), title: HEADS[name] })),
        ],
        rows: rows.map((row): TableCell[] => [
          dayText(row.date),
          row.write_key_id ?? EMPTY,
          ...COUNTS.map((name) => cell(context, name, row)),
        ]),
        ...(rows.length > 1 && { total: ['All', '', ...COUNTS.map((name) => context.figure(total(name), 'count'))] }),
      })}`,
  });
}

function cell({ figure }: PageContext, name: (typeof COUNTS)[number], row: PublishedAccount): TableCell {
  const value = row[name];
  if (value === 0 && name !== 'accepted' && name !== 'stored') return EMPTY;
  const text = figure(value, 'count');
  return name === 'missing' ? html`<span class="failed">${text}</span>` : text;
}

/** The same as CSV. */
export function accountsCsv(accounts: Accounts | undefined): string {
  return toCsv(
    ['date', 'write_key_id', ...COUNTS],
    (accounts?.rows ?? []).map((row) => [row.date, row.write_key_id, ...COUNTS.map((name) => row[name])]),
  );
}
