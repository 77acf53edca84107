import { join, raw, sql } from '../../warehouse/sql.ts';
import { CAUSE_NAMES, type Cause } from './causes.ts';
import { CONVERSION_CAUSES } from './conversion-causes.ts';
import { type Compared, MOVES } from './conversions.ts';
import { SEPARATOR, SUBJECTS } from './evidence.ts';
import type { PublicationPair, Side } from './pair.ts';
import type { ConversionSide, DiffConversion } from './types.ts';

interface ListedRow {
  readonly conversion_id: string;
  readonly conversion_time: string;
  readonly cause: Cause;
  readonly updated_columns: string;
  readonly earlier_person: string | null;
  readonly later_person: string | null;
  readonly earlier_head: string | null;
  readonly later_head: string | null;
  readonly earlier_rate: number | null;
  readonly later_rate: number | null;
}

interface MoveRow {
  readonly conversion_id: string;
  readonly key: string | null;
  readonly earlier_credit: string;
  readonly later_credit: string;
  readonly earlier_value: string;
  readonly later_value: string;
}

/** The conversions that differ, in the order of causes, of one cause the largest change of value and credit first. */
export async function listConversions(pair: PublicationPair, { query, conversion }: Compared): Promise<DiffConversion[]> {
  const rank = CAUSE_NAMES.map((name, i) => sql`when ${name} then ${i}`);
  await pair.make(
    'listed',
    sql`
    select subjects.*, causes.cause, row_number() over (
      order by case causes.cause ${join(rank, ' ')} end nulls last, sizes.value desc nulls last, sizes.credit desc nulls last,
        subjects.conversion_id nulls last
    ) as place
    from ${raw(SUBJECTS)} as subjects
    inner join ${raw(CONVERSION_CAUSES)} as causes on causes.conversion_id = subjects.conversion_id
    inner join (
      select conversion_id, sum(abs(later_value - earlier_value)) as value, sum(abs(later_credit - earlier_credit)) as credit
      from ${raw(MOVES)} group by conversion_id
    ) as sizes on sizes.conversion_id = subjects.conversion_id
    ${query.cause === undefined ? raw('') : sql`where causes.cause = ${query.cause}`}
    qualify place <= ${query.list}`,
    'listed conversions',
  );
  const headOf = (side: Side) => pair.dialect.concat(raw(`${side}_head_name`), sql`'/'`, raw(`${side}_head_id`));
  const rows = await pair.rows<ListedRow>(
    sql`
    select conversion_id, conversion_time, cause, updated_columns, earlier_person, later_person,
      ${headOf('earlier')} as earlier_head, ${headOf('later')} as later_head,
      earlier_rate, later_rate
    from listed order by place nulls last`,
    'listed conversions',
  );
  const moves = await pair.rows<MoveRow>(
    sql`
    select moves.conversion_id, moves.key, ${join(SUMS.map((name) => sql`${pair.dialect.castText(raw(`moves.${name}`))} as ${raw(name)}`))}
    from ${raw(MOVES)} as moves
    inner join listed on listed.conversion_id = moves.conversion_id
    order by moves.key nulls last`,
    'listed credits',
  );
  const byId = Map.groupBy(moves, ({ conversion_id }) => conversion_id);
  return rows.map((row) => {
    const own = byId.get(row.conversion_id) ?? [];
    return {
      conversion,
      id: row.conversion_id,
      conversion_time: row.conversion_time,
      cause: row.cause,
      detail: detailOf(row),
      before: own.flatMap(({ key, earlier_credit, earlier_value }) => sideOf(key, earlier_credit, earlier_value)),
      after: own.flatMap(({ key, later_credit, later_value }) => sideOf(key, later_credit, later_value)),
    };
  });
}

const SUMS = ['earlier_credit', 'later_credit', 'earlier_value', 'later_value'];

function sideOf(key: string | null, credit: string, value: string): ConversionSide {
  return credit === '0' && value === '0' ? [] : [{ key, credit: BigInt(credit), value_micros: BigInt(value) }];
}

const change = (from: string | number | null, to: string | number | null, none: string) =>
  from === to ? '' : `${from ?? none} → ${to ?? none}`;

function detailOf(row: ListedRow): string {
  const { cause } = row;
  if (cause === 'updated') return row.updated_columns.slice(0, -SEPARATOR.length);
  if (cause === 'parent') return change(row.earlier_head, row.later_head, 'none') || (row.later_head ?? '');
  if (cause === 'identity') return change(row.earlier_person, row.later_person, 'nobody');
  if (cause === 'exchange_rates') return change(row.earlier_rate, row.later_rate, 'no rate');
  return '';
}
