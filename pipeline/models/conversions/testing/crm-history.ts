import { addDays } from '../../../config/calendar.ts';
import type { CrmRow } from './crm.ts';

// A random history of a CRM.

/** A random integer from 0 on, below a number. */
export type Pick = (below: number) => number;

const flag = (pick: Pick) => [null, true, false][pick(3)]!;
/** A row with what changes most often; few times and values, so that there are ties. */
export const row = (id: string | null, created: string | null, pick: Pick): CrmRow => ({
  id,
  created,
  value: [null, 0, 10, 20][pick(4)]!,
  is_qualified: flag(pick),
  client_id: ['a', 'b', null][pick(3)]!,
});
/** One of so many days from a day on. */
export const someDay = (from: string, days: number, pick: Pick) => addDays(from, pick(days));

/** Few ids, so that rows repeat them; some rows have none, or no time: then an id of which there is nothing that could stand. */
export const newRow = (ids: readonly string[], from: string, days: number, pick: Pick) => {
  const id = pick(10) === 0 ? null : ids[pick(ids.length)]!;
  const created = pick(10) === 0 ? null : someDay(from, days, pick);
  return row(id !== null && created === null ? `${id} without time` : id, created, pick);
};

/**
 * A state of the CRM after changes whose former or later place lies in the window. Rows without an id or a time are followed
 * by nothing: they stay on their side of its edge.
 */
export function changedInside(rows: readonly CrmRow[], ids: readonly string[], from: string, pick: Pick): CrmRow[] {
  const isInside = ({ created }: CrmRow) => created === null || created >= from;
  const next = rows.flatMap((one): CrmRow[] => {
    const inside = isInside(one);
    const anywhere = one.id === null || one.created === null ? from : addDays(from, -8);
    const later = { ...one, created: someDay(from, 14, pick) };
    if (!inside) return [pick(6) === 0 && one.id !== null ? later : one];
    switch (pick(12)) {
      case 0:
        return [];
      case 1:
        return [{ ...one, value: [null, 0, 10, 20][pick(4)]! }];
      case 2:
        return [{ ...one, is_qualified: flag(pick) }];
      case 3:
        return one.created === null ? [one] : [{ ...one, created: someDay(anywhere, 16, pick) }];
      case 4:
        return one.created === null ? [one] : [{ ...one, id: ids[pick(ids.length)]! }];
      case 5:
        return [{ ...one, id: null, created: null }];
      case 6:
        return [one, one];
      case 7:
        return [{ ...one, attribution_time: someDay(from, 14, pick) }];
      default:
        return [one];
    }
  });
  for (let i = pick(3); i > 0; i--) next.push(newRow(ids, from, 14, pick));
  return next;
}
