import type { ErasedIds } from '../../models/erasures/predicates.ts';
import type { WeaklyJoined } from '../../privacy/joined-ids.ts';
import { isNotIncluded } from '../../privacy/not-included.ts';
import type { ErasurePreview } from '../../privacy/request.ts';
import type { Erasure } from '../../privacy/tombstones.ts';
import { renderTable } from './table.ts';

const figure = (value: number): string => value.toLocaleString('en');

const LABELS: Readonly<Record<keyof ErasedIds, string>> = { anonymous_id: 'anonymous id', user_id: 'user id', email_hash: 'e-mail hash' };

/** The identifiers of a person; of a hash the first eight digits. */
export function renderIds(ids: ErasedIds): string {
  return `Identifiers of this person:\n${identifierLines(ids).join('')}`;
}

function identifierLines(ids: ErasedIds): string[] {
  return (Object.keys(LABELS) as (keyof ErasedIds)[]).flatMap((kind) =>
    ids[kind].map((value) => `  ${LABELS[kind]} ${/^[\da-f]{64}$/.test(value) ? `${value.slice(0, 8)}…` : value}\n`),
  );
}

/** How many identifiers of one signal are shown. */
const SHOWN = 20;
const WHAT_TO_DO =
  'They may be somebody else: a household, an office, a forwarded link. Ask for one of them by itself, or say --joined all to take all of them.\n';

/** What only weaker signals join with the person, and what to do. */
export function renderNotIncluded(others: readonly WeaklyJoined[]): string {
  if (others.length === 0) return '';
  const groups = others.map(({ signal, tier, ids }) => {
    const lines = identifierLines(ids);
    const more = lines.length > SHOWN ? `  and ${figure(lines.length - SHOWN)} more\n` : '';
    return `Not included, joined only by ${signal} (${tier}):\n${lines.slice(0, SHOWN).join('')}${more}`;
  });
  return `${groups.join('')}${WHAT_TO_DO}`;
}

/** What an erasure would delete, for a terminal. */
export function renderPreview({ ids, notIncluded, places, waiting }: ErasurePreview, width: number): string {
  const table = renderTable({
    columns: [
      { header: 'Place', align: 'left' },
      { header: 'Rows', align: 'right' },
      { header: 'What becomes of them', align: 'left' },
    ],
    rows: places.map(({ place, count, note }) => [place, figure(count), note ?? fateOf(place)]),
    width,
  });
  const notes = [
    ...(places.length === 0 ? ['Nothing is stored of this person; what arrives later with these identifiers would not be stored.'] : []),
    ...(waiting > 0
      ? [`${figure(waiting)} of these are not processed yet: erasing loads them first, and may find further identifiers in them.`]
      : []),
  ];
  return `${renderIds(ids)}${renderNotIncluded(notIncluded)}\n${places.length === 0 ? '' : `${table}\n`}${notes.map((note) => `${note}\n`).join('')}`;
}

function fateOf(place: string): string {
  if (place === 'conversions') return 'kept without identifiers, (not attributed); gone where its query reads events';
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
  const { erasure_id: id, requested_at: requested, kind, places: states, verified_at: verified, restorable_until: until } = erasure;
  const places = states.filter((state) => !isNotIncluded(state));
  const others = states.filter(isNotIncluded).map(({ note }) => `Not included: ${note}.\n`);
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
  const nothing =
    verified !== null && places.every(({ deleted }) => deleted === 0)
      ? 'NOTHING WAS FOUND: no event and no line of a file had this identifier. Is it spelled as it is stored? The tombstone stands: what\n' +
        'arrives with it is not stored.\n'
      : '';
  const backups =
    verified === null
      ? ''
      : until === null
        ? 'Nothing can be restored from the warehouse. Backups that you made yourself are not known to it.\n'
        : `Time travel and fail-safe of BigQuery can restore it until ${until}.\n`;
  return `Erasure ${id}, requested ${requested} by ${LABELS[kind]}\n${places.length === 0 ? '' : `\n${table}\n`}${others.length === 0 ? '' : `${others.join('')}${WHAT_TO_DO}`}${nothing}${state}\n${backups}`;
}

/** A receipt for programs; nothing in it names the person. */
export function erasureAsJson(erasure: Erasure): object {
  const receipt: Partial<Erasure> = { ...erasure };
  delete (receipt as { sealed_ids?: unknown }).sealed_ids;
  return { ...receipt, status: receipt.verified_at === null ? 'pending' : 'verified' };
}
