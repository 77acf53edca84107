import type { ModelOf } from '../../config/attribution.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import type { Sql } from '../../warehouse/sql.ts';
import { customWeights } from './custom.ts';
import { effectWeights } from './fitted/weights.ts';
import { visitWeights } from './visits/weights.ts';

/**
 * How one model weighs the touches of a path. `paths` has one row per conversion and session in its window:
 *
 * | column | |
 * |---|---|
 * | conversion_name, conversion_id, session_id, started_at | the touch |
 * | conversion_number | the conversion as a number, for windows and joins; INT64 |
 * | position, path_length | 1 is the first; INT64 |
 * | last_significant | position of the last touch that is not direct; NULL where all are |
 * | is_direct, channel, device_type, page_views, engaged_seconds | of the session |
 * | channel_touches, path_channels | touches of this channel on the path; distinct channels on it; INT64 |
 * | seconds_before | from the start of the session to attribution_time, never below 0; INT64 |
 * | month | first day of the month of attribution_time in the project time zone: which version of a fitted model counts |
 */
export interface TouchWeights {
  /** Joins behind `from paths`, each row of which they keep once. */
  readonly joins?: Sql;
  /**
   * The share of a touch as a whole number from 0 to 1e9, relative to the others of its path; NULL counts as 0. It may look at
   * the path with windows over (partition by conversion_name, conversion_id). Where all of a path are 0, the last significant
   * click has the credit.
   */
  readonly weight: Sql;
}

/** A model whose touches share by weights that others tell; the others have rules of their own. */
export type WeightedModel = ModelOf<'shapley_rate' | 'markov' | 'visit_scoring' | 'custom'>;

/** The weights of a model. */
export function touchWeights(dialect: Dialect, model: WeightedModel): TouchWeights {
  switch (model.type) {
    case 'shapley_rate':
    case 'markov':
      return effectWeights(dialect, model);
    case 'visit_scoring':
      return visitWeights(dialect, model);
    case 'custom':
      return customWeights(model);
  }
}
