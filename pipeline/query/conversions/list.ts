import { type Conversion, isMoney, parentOf } from '../../config/conversions.ts';
import type { Config } from '../../config/schema.ts';
import { CONVERSION_CHANGES, CONVERSIONS } from '../../models/conversions/tables.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { OpenPublication } from '../publication.ts';

/** A conversion of the config, and what is known of it. */
export interface ListedConversion {
  readonly name: string;
  readonly label: string;
  readonly kind: Conversion['kind'];
  readonly value: 'money' | 'none';
  /** Days that changes are followed back; null: its kind has no window. */
  readonly adjustment_days: number | null;
  /** The conversion whose credits it takes. */
  readonly parent: string | null;
  /** What a combined conversion is made of. */
  readonly parts: readonly string[];
  readonly normalized_to: string | null;
  /** How many the publication has; null: there is none yet, or it was made before the conversion was defined. */
  readonly conversions: number | null;
  /** ISO in UTC. */
  readonly last_conversion_time: string | null;
  /** When a run last saw one of them change; null: never. */
  readonly last_change: string | null;
}

/** The conversions of a config, in their order. @param published where they are counted; without it they are not. */
export async function listConversions(config: Config, published: OpenPublication | undefined): Promise<ListedConversion[]> {
  const warehouse = published?.warehouse;
  const counts = new Map(((await warehouse?.rows<Counted>(COUNTS, 'conversions')) ?? []).map((row) => [row.conversion_name, row]));
  const changes = new Map(
    ((await warehouse?.rows<Changed>(CHANGES, 'changes of conversions')) ?? []).map((row) => [row.conversion_name, row]),
  );
  const known = new Set(published?.publication.config.conversions.map(({ name }) => name));
  return config.conversions.map((one) => {
    const counted = counts.get(one.name);
    return {
      name: one.name,
      label: one.label,
      kind: one.kind,
      value: isMoney(one, config.conversions) ? 'money' : 'none',
      adjustment_days: 'adjustmentDays' in one ? one.adjustmentDays : null,
      parent: parentOf(one) ?? null,
      parts: one.kind === 'combined' ? one.of : [],
      normalized_to: one.normalize?.to ?? null,
      conversions: counted?.conversion_count ?? (known.has(one.name) ? 0 : null),
      last_conversion_time: counted?.last_time ?? null,
      last_change: changes.get(one.name)?.last_change ?? null,
    };
  });
}

interface Counted {
  readonly conversion_name: string;
  readonly conversion_count: number;
  readonly last_time: string;
}
const COUNTS = sql`
  select conversion_name, count(*) as conversion_count, max(conversion_time) as last_time
  from ${table(CONVERSIONS.name)}
  group by conversion_name`;

interface Changed {
  readonly conversion_name: string;
  readonly last_change: string;
}
const CHANGES = sql`
  select conversion_name, max(changed_at) as last_change
  from ${table(CONVERSION_CHANGES.name)}
  group by conversion_name`;
