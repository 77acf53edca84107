import type { ConfigInput } from '../../../config/schema.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { nullable } from '../../../warehouse/columns.ts';
import type { Row, TableDefinition, Warehouse } from '../../../warehouse/warehouse.ts';
import type { RunChoices, StepContext, StepResult } from '../../step.ts';
import { conversions } from '../conversions.ts';

/** A row of the CRM as a test writes it; what is left out is NULL. */
export interface CrmRow {
  readonly id: string | null;
  /** `2026-03-02` is noon of that day (UTC), else ISO in UTC. */
  readonly created: string | null;
  readonly value?: number | null;
  readonly is_qualified?: boolean | null;
  readonly client_id?: string | null;
  readonly attribution_time?: string | null;
}

const CRM: TableDefinition = {
  name: 'crm',
  description: 'A table of the customer.',
  columns: [
    nullable('id', 'STRING', 'Id.'),
    nullable('created', 'TIMESTAMP', 'When.'),
    nullable('created_day', 'DATE', 'The day of it.'),
    nullable('value', 'FLOAT64', 'Amount.'),
    nullable('is_qualified', 'BOOL', 'Flag.'),
    nullable('client_id', 'STRING', 'Visitor.'),
    nullable('attribution_time', 'TIMESTAMP', 'Anchor.'),
  ],
  key: [],
};

const GIVEN = 'client_id, value, is_qualified, attribution_time';
/** Queries that ask for their range by the time, by the day, and not at all. */
export const QUERIES = {
  'timed.sql': `select id, created, ${GIVEN} from crm where (created >= @from and created < @to) or created is null`,
  'daily.sql': `select id, created_day as created, ${GIVEN} from crm
    where (created_day >= date(@from) and created_day < date(@to)) or created_day is null`,
  'loose.sql': `select id, created, ${GIVEN} from crm`,
} as const;

/** A warehouse with a table of the customer, and conversions over it. */
export interface CrmWorld extends World {
  /** The step `conversions` of one night, over the CRM as it is then. `2026-03-20` is 03:00 of that day (UTC). */
  night(day: string, crm: readonly CrmRow[], choices?: RunChoices & Pick<StepContext, 'withoutErased'>): Promise<StepResult>;
}

export async function openCrmWorld(
  definitions: ConfigInput['conversions'],
  opened?: Warehouse,
  changes: Partial<ConfigInput> = {},
): Promise<CrmWorld> {
  const world = await openWorld({ conversions: definitions ?? [], ...changes }, opened);
  await world.warehouse.migrate([CRM]);
  for (const [name, text] of Object.entries(QUERIES)) await world.file(name, text);
  return {
    ...world,
    async night(day, crm, choices = {}) {
      const { warehouse, config, folder: configFolder } = world;
      await warehouse.load(CRM, crm.map(crmRow), { replace: true });
      return conversions({ warehouse, config, configFolder, now: `${day}T03:00:00.000Z`, ...choices });
    },
  };
}

function crmRow({ id, created, attribution_time, value, is_qualified, client_id }: CrmRow): Row {
  const at = instantOf(created);
  return {
    id,
    created: at,
    created_day: at?.slice(0, 10) ?? null,
    value: value ?? null,
    is_qualified: is_qualified ?? null,
    client_id: client_id ?? null,
    attribution_time: instantOf(attribution_time ?? null),
  };
}

const instantOf = (text: string | null): string | null => (text?.length === 10 ? `${text}T12:00:00.000000Z` : text);
