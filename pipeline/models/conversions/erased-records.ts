import { join, raw, sql, table } from '../../warehouse/sql.ts';
import type { StepContext } from '../step.ts';
import { CONVERSION_RECORDS, STAGED_CONVERSIONS, TOUCHED_CONVERSIONS } from './tables.ts';

const IDENTIFIERS = ['client_id', 'user_id', 'email_hash', 'ip_key'];

/** Takes the identifiers of erased persons out of the records: what lies before the windows is not read again. */
export async function eraseFromRecords({ warehouse, withoutErased }: StepContext): Promise<void> {
  const stored = sql`
    select ${join(
      STAGED_CONVERSIONS.columns.map(({ name }) => raw(name === 'has_unusable_value' ? 'false as has_unusable_value' : `records.${name}`)),
    )}
    from ${table(CONVERSION_RECORDS.name)} as records`;
  const cleaned = (await withoutErased?.(stored)) ?? stored;
  if (cleaned === stored) return;
  const { dialect } = warehouse;
  const columns = CONVERSION_RECORDS.columns.map(({ name }) => {
    // The hash was made of the identifiers, too, and would prove a guess of them.
    if (name === 'row_hash')
      return sql`${dialect.sha256Hex(dialect.concat(raw('records.conversion_name'), raw("' '"), raw('records.id')))} as row_hash`;
    return raw(name === 'is_removed' ? 'records.is_removed' : `cleaned.${name}`);
  });
  const differs = IDENTIFIERS.map((name) => dialect.differs(raw(`cleaned.${name}`), raw(`records.${name}`), 'STRING', false));
  const changed = sql`
    select ${join(columns)}
    from (${cleaned}
    ) as cleaned
    inner join ${table(CONVERSION_RECORDS.name)} as records
      on records.conversion_name = cleaned.conversion_name and records.id = cleaned.id
    where ${join(differs, ' or ')}`;
  await warehouse.merge(TOUCHED_CONVERSIONS, sql`select conversion_name, id from (${changed}) as changed`, {
    label: 'touched conversions',
  });
  await warehouse.merge(CONVERSION_RECORDS, changed, { label: 'erased from conversion records' });
}
