import { MODEL_VERSIONS } from '../../models/attribution/fitted-tables.ts';
import type { PublishedModel } from '../../models/reports/publication.ts';
import { arrayParam, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { FITTED_TYPES } from './schema.ts';
import { APPLIED, IN_ORDER, type VersionKey } from './versions.ts';

/** What a reader of credits must know of the version of a learned model that they were made by. */
export interface ModelNotice {
  readonly model: string;
  readonly conversion: string;
  /** Months it is about, YYYY-MM, in order. */
  readonly months: readonly string[];
  /** provisional: of an earlier version until their own is fitted; too_little_data, no_version: the last significant click is credited. */
  readonly kind: 'provisional' | 'too_little_data' | 'no_version';
  /** In words, names of model and conversion included. */
  readonly text: string;
}

interface AppliedRow extends VersionKey {
  readonly version_month: string | null;
  readonly is_provisional: boolean;
  readonly status: string | null;
  readonly notice: string | null;
}

/**
 * What must be said beside credits of these models: which months of attribution_time are provisional, and which have no
 * version of their own because there is too little data. Models that are not learned ask nothing of the warehouse.
 * @param months first days of months, YYYY-MM-DD.
 */
export async function modelNotices(
  warehouse: Warehouse,
  models: readonly Pick<PublishedModel, 'name' | 'label' | 'type'>[],
  conversions: readonly string[],
  months: readonly string[],
): Promise<ModelNotice[]> {
  const fitted = models.filter(({ type }) => FITTED_TYPES.includes(type));
  if (fitted.length === 0 || conversions.length === 0 || months.length === 0) return [];
  const isOne = (column: string, values: readonly string[], type: 'STRING' | 'DATE') =>
    warehouse.dialect.isIn(raw(column), sql`${arrayParam(values, type)}`);
  const rows = await warehouse.rows<AppliedRow>(
    sql`
      select versions.model, versions.conversion_name, versions.month, versions.version_month, versions.is_provisional, stored.status, stored.notice
      from ${APPLIED} as versions
      left join ${table(MODEL_VERSIONS.name)} as stored
        on stored.model = versions.model and stored.conversion_name = versions.conversion_name and stored.month = versions.version_month
      where ${isOne(
        'versions.model',
        fitted.map(({ name }) => name),
        'STRING',
      )}
        and ${isOne('versions.conversion_name', conversions, 'STRING')}
        and ${isOne('versions.month', months, 'DATE')}
        and (versions.is_provisional or coalesce(stored.status, '') <> 'fitted')
      order by ${IN_ORDER}`,
    'notices of models',
  );
  const labels = new Map(fitted.map(({ name, label }) => [name, label]));
  const alike = Map.groupBy(rows, (row) => {
    const kind = kindOf(row);
    return JSON.stringify([row.model, row.conversion_name, kind, row.is_provisional, kind === 'provisional' ? row.version_month : null]);
  });
  return [...alike.values()].map((same) => noticeOf(same, labels.get(same[0]!.model)!));
}

function kindOf({ version_month: version, status }: AppliedRow): ModelNotice['kind'] {
  if (version === null) return 'no_version';
  return status === 'fitted' ? 'provisional' : 'too_little_data';
}

const LATER = 'their own version is fitted 7 days after the end of the month';
const FALLBACK = 'the last significant click is credited';

/** What is said of months that are alike; the numbers of too little data differ from month to month. */
function noticeOf(rows: readonly AppliedRow[], label: string): ModelNotice {
  const [first] = rows as readonly [AppliedRow, ...AppliedRow[]];
  const months = rows.map(({ month }) => month.slice(0, 7));
  const listed = months.length > 3 ? `${months.length} months from ${months[0]} to ${months.at(-1)}` : months.join(', ');
  const which = `${label} of ${first.conversion_name}, ${listed}`;
  const numbers = new Set(rows.map(({ notice }) => notice));
  const few = numbers.size === 1 && first.notice !== null ? first.notice : `too little to learn from; ${FALLBACK}`;
  const kind = kindOf(first);
  const text = {
    no_version: `${which}: no version${first.is_provisional ? ' yet' : ''}, so that ${FALLBACK}${first.is_provisional ? `; ${LATER}` : ''}`,
    too_little_data: `${which}: ${few}${first.is_provisional ? `; provisional: ${LATER}` : ''}`,
    provisional: `${which}: provisional, credited by the version of ${first.version_month?.slice(0, 7)}; ${LATER}`,
  }[kind];
  return { model: first.model, conversion: first.conversion_name, months, kind, text };
}
