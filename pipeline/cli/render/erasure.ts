import type { ErasedIds } from '../../models/erasures/predicates.ts';
import type { ErasurePreview } from '../../privacy/request.ts';
import type { Erasure } from '../../privacy/tombstones.ts';
import { renderTable } from './table.ts';

const figure = (value: number): string => value.toLocaleString('en');

const LABELS: Readonly<Record<keyof ErasedIds, string>> = { anonymous_id: 'anonymous id', user_id: 'user id', email_hash: 'e-mail hash' };

/** The identifiers of a person; of a hash the first eight digits. */
export function renderIds(ids: ErasedIds): string {
  const lines = (Object.keys(LABELS) as (keyof ErasedIds)[]).flatMap((kind) =>
    ids[kind].map((value) => `  ${LABELS[kind]} ${/^[\da-f]{64}$/.test(value) ? `${value.slice(0, 8)}…` : value}\n`),
  );
  return `Identifiers of this person:\n${lines.join('')}`;
}

/** What an erasure would delete, for a terminal. */
export function renderPreview({ ids, places, waiting }: ErasurePreview, width: number): string {
  const table = renderTable({
    columns: [
      { header: 'Place', align: 'left' },
      { header: 'Rows', align: 'right' },
      { header: 'What becomes of them', align: 'left' },
    ],
    rows: places.map(({ place, count }) => [place, figure(count), fateOf(place)]),
    width,
  });
  const notes = [
    ...(places.length === 0 ? ['Nothing is stored of this person; what arrives later with these identifiers would not be stored.'] : []),
    ...(waiting > 0
      ? [`${figure(waiting)} of these are not processed yet: \`touchtrail run\` first finds further identifiers in them.`]
      : []),
  ];
  return `${renderIds(ids)}\n${places.length === 0 ? '' : `${table}\n`}${notes.map((note) => `${note}\n`).join('')}`;
}

function fateOf(place: string): string {
  if (place === 'conversions') return 'kept without identifiers, (not attributed)';
  if (place === 'publications') return 'deleted; conversions as above';
  return 'deleted';
}

/** Receipts, oldest first. */
export function renderErasures(erasures: readonly Erasure[], width: number): string {
  if (erasures.length === 0) return 'Nobody has been erased.\n';
  return erasures.map((erasure) => renderErasure(erasure, width)).join('\n');
}

/** The receipt of one erasure: what is done, what is pending and why, and until when backups of the engine can bring it back. */
export function renderErasure(erasure: Erasure, width: number): string {
  const { erasure_id: id, requested_at: requested, kind, places, verified_at: verified, restorable_until: until } = erasure;
  const table = renderTable({
    columns: [
      { header: 'Place', align: 'left' },
      { header: 'Deleted', align: 'right' },
      { header: 'Left', align: 'right' },
      { header: 'Note', align: 'left' },
    ],
    rows: places
      .filter(({ deleted, left, note }) => deleted > 0 || left !== 0 || note !== undefined)
      .map(({ place, deleted, left, note }) => [place, figure(deleted), left === null ? '?' : figure(left), note ?? '']),
    width,
  });
  const state =
    verified === null
      ? 'Pending: each run tries again what is left, until a scan of every place finds nothing.'
      : `Verified ${verified}: a scan of every place found nothing.`;
  const backups =
    verified === null
      ? ''
      : until === null
        ? 'Nothing can be restored from the warehouse. Backups that you made yourself are not known to it.\n'
        : `Time travel and fail-safe of BigQuery can restore it until ${until}.\n`;
  return `Erasure ${id}, requested ${requested} by ${LABELS[kind]}\n${places.length === 0 ? '' : `\n${table}\n`}${state}\n${backups}`;
}

/** A receipt for programs; nothing in it names the person. */
export function erasureAsJson(erasure: Erasure): object {
  const receipt: Partial<Erasure> = { ...erasure };
  delete (receipt as { sealed_ids?: unknown }).sealed_ids;
  return { ...receipt, status: receipt.verified_at === null ? 'pending' : 'verified' };
}
