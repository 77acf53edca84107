import type { AttributionModel } from '../../config/schema.ts';
import { type Sql, raw } from '../../warehouse/sql.ts';

/**
 * The share of each touch as a whole number, relative to the others of its path: 0 for none. Touches carry `position`
 * (1 is the first), `path_length` and `last_significant` (position of the last touch that is not
 * direct; NULL where all are). At most 1e9 each, so that the division stays within INT64.
 */
export const MODEL_WEIGHTS: Readonly<Record<AttributionModel, Sql>> = {
  first_click: raw('if(position = 1, 1, 0)'),
  last_click: raw('if(position = path_length, 1, 0)'),
  last_significant_click: raw('if(position = coalesce(last_significant, path_length), 1, 0)'),
};
