import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../../warehouse/sql.ts';
import type { TrainingWindow } from '../fitted/months.ts';
import { type Carried, pathTouches } from '../fitted/training-paths.ts';
import { INTERCEPT, TEXT_FEATURES, VISIT_FEATURES, featureRows } from './features.ts';
import { STAGED_VISIT_VECTORS } from './tables.ts';

/** One person in so many is held out: a version is judged by those it has not learned from. */
export const HELD_OUT_ONE_IN = 5;

const OF_SESSION = ['channel', 'device_type', 'page_views', 'engaged_seconds'];
const FEATURE_NAMES = VISIT_FEATURES.map(({ name }) => name);

/**
 * Rows of staged_visit_vectors: the visits of all paths that end within the windows (`pathTouches`). After each visit on the
 * path of a conversion the person converted within the look-back.
 */
export function vectorRows(dialect: Dialect, conversion: string, lookbackDays: number, windows: readonly TrainingWindow[]): Sql {
  const path = ['month', 'person_key', 'is_converted', 'conversion_id'];
  const names = raw(FEATURE_NAMES.join(', '));
  const touches = sql`(
        select
          ${raw([...path, 'is_held_out', 'session_id', 'started_at', ...OF_SESSION].join(', '))},
          row_number() over (
            partition by ${raw(path.join(', '))} order by started_at nulls first, session_id nulls first
          ) as position
        from touches
      ) as placed`;
  return sql`
    with ${pathTouches(
      dialect,
      windows.map((window) => ({ ...window, conversion, lookbackDays })),
      CARRIED,
    )},
    told_visits as (
      ${featureRows(dialect, touches, path, ['is_held_out'])}
    ),
    noted_visits as (
      select
        month, is_held_out, is_converted, position, ${names},
        row_number() over (
          partition by month, person_key, is_converted
          order by conversion_id nulls first, position nulls first
        ) as place_of_person
      from told_visits
    ),
    vectors as (
      select
        month, is_held_out, ${names},
        count(*) as visits,
        countif(is_converted) as converted,
        countif(position = 1) as paths,
        countif(position = 1 and is_converted) as converted_paths,
        countif(place_of_person = 1 and is_converted) as converted_persons
      from noted_visits
      group by month, is_held_out, ${names}
    )
    select
      month, is_held_out,
      row_number() over (order by month nulls first, is_held_out nulls first, ${raw(FEATURE_NAMES.map((name) => `${name} nulls first`).join(', '))}) as vector,
      ${names}, visits, converted, paths, converted_paths, converted_persons
    from vectors`;
}

/** What is learned of the sessions themselves, and whose they are. */
const CARRIED: Carried = {
  columns: {
    is_held_out: raw(`mod(identities.person_key, ${HELD_OUT_ONE_IN}) = 0`),
    ...Object.fromEntries(OF_SESSION.map((name) => [name, raw(`sessions.${name}`)])),
  },
};

const ofFeature = (feature: string, value: Sql): Sql => sql`
      select month, is_held_out, vector, ${feature} as feature, ${value} as value from ${table(STAGED_VISIT_VECTORS.name)}`;

/** Rows of staged_visit_values: the staged vectors, one row per feature; all of them have the intercept. */
export function valueRows(dialect: Dialect): Sql {
  const features = FEATURE_NAMES.map((name) => ofFeature(name, TEXT_FEATURES.includes(name) ? raw(name) : dialect.castText(raw(name))));
  return sql`
    select month, is_held_out, vector, feature, value, dense_rank() over (order by feature nulls first, value nulls first) as term
    from (${join([ofFeature(INTERCEPT, raw("''")), ...features], '\n      union all')}
    ) as told`;
}
