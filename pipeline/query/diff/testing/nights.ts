import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ConfigInput } from '../../../config/schema.ts';
import { attribution } from '../../../models/attribution/attribution.ts';
import { conversions } from '../../../models/conversions/conversions.ts';
import { COSTS } from '../../../models/costs/tables.ts';
import { events } from '../../../models/events/events.ts';
import { identity } from '../../../models/identity/identity.ts';
import { reports } from '../../../models/reports/reports.ts';
import { sessions } from '../../../models/sessions/sessions.ts';
import { publish } from '../../../night/publish.ts';
import { NIGHT_TABLES } from '../../../night/tables.ts';
import { syncRates } from '../../../sources/rates.ts';
import { type EventInput, type World, openWorld } from '../../../testing/world.ts';
import { nullable } from '../../../warehouse/columns.ts';
import type { Row, TableDefinition } from '../../../warehouse/warehouse.ts';

/** A row of the CRM as a test writes it: a lead, or a deal with the id of its lead. */
export interface CrmRow {
  readonly id: string;
  /** ISO in UTC. */
  readonly created: string;
  readonly client_id?: string;
  readonly user_id?: string;
  readonly lead_id?: string;
  readonly value?: number;
  readonly currency?: string;
}

const crm = (name: string): TableDefinition => ({
  name,
  description: 'A table of the customer.',
  columns: [
    nullable('id', 'STRING', 'Id.'),
    nullable('created', 'TIMESTAMP', 'When.'),
    nullable('client_id', 'STRING', 'Visitor.'),
    nullable('user_id', 'STRING', 'User.'),
    nullable('lead_id', 'STRING', 'Lead.'),
    nullable('value', 'FLOAT64', 'Amount.'),
    nullable('currency', 'STRING', 'Currency.'),
  ],
  key: [],
});
const [LEADS, DEALS] = [crm('crm_leads'), crm('crm_deals')];

const CONVERSIONS: ConfigInput['conversions'] = [
  { name: 'lead', label: 'Lead', sql: 'lead.sql', adjustmentDays: 90, maximumShrink: 1 },
  {
    name: 'deal',
    label: 'Deal',
    sql: 'deal.sql',
    value: 'money',
    adjustmentDays: 90,
    maximumShrink: 1,
    inherit: { from: 'lead' },
  },
];

/** What a night finds; the CRM and the costs are as they are then, events arrive once. */
export interface Night {
  /** When it runs and publishes, ISO in UTC. */
  readonly now: string;
  readonly events?: readonly EventInput[];
  readonly leads: readonly CrmRow[];
  readonly deals: readonly CrmRow[];
  /** The file of exchange rates. */
  readonly rates?: string;
  /** Rows of costs, as the step of costs has written them. */
  readonly costs?: readonly Row[];
  /** What the config says otherwise from this night on. */
  readonly config?: Partial<ConfigInput>;
}

/** A project whose nights run through the real steps, each with a publication. */
export interface Nights {
  readonly dataFolder: string;
  readonly world: World;
  /** @returns the id of the publication. */
  run(night: Night): Promise<string>;
  close(): Promise<void>;
}

/** A project with leads, deals that inherit from them, last click, first click and linear. */
export async function openNights(): Promise<Nights> {
  const settings: Partial<ConfigInput> = {
    conversions: CONVERSIONS,
    funnel: ['lead', 'deal'],
    rates: { csv: 'rates.csv' },
    attribution: { models: ['last_click', 'first_click', 'linear'] },
  };
  const world = await openWorld(settings);
  await world.warehouse.migrate([LEADS, DEALS, ...NIGHT_TABLES]);
  const columns = 'id, created, client_id, user_id, lead_id';
  await world.file('lead.sql', `select ${columns} from crm_leads`);
  await world.file('deal.sql', `select ${columns}, value, currency from crm_deals`);
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'touchtrail-diff-'));
  let { config } = world;
  let count = 0;
  return {
    dataFolder,
    world,
    async run(night) {
      const { warehouse, folder } = world;
      if (night.config) ({ config } = await openWorld({ ...settings, ...night.config }, warehouse));
      if (night.events) await world.events(...night.events.map((event) => ({ ...event, received_at: event.received_at ?? night.now })));
      await warehouse.load(LEADS, night.leads.map(crmRow), { replace: true });
      await warehouse.load(DEALS, night.deals.map(crmRow), { replace: true });
      if (night.costs) await warehouse.load(COSTS, night.costs, { replace: true });
      if (night.rates !== undefined) await world.file('rates.csv', night.rates);
      const context = { warehouse, config, configFolder: folder, now: night.now };
      for (const step of [events, syncRates, sessions, identity, conversions, attribution, reports]) await step(context);
      const runId = `${night.now.slice(0, 19).replaceAll(/[-:]/g, '')}Z-${String(++count).padStart(6, '0')}`;
      await publish({ warehouse, config, dataFolder, now: night.now, run: { runId, renewLease: async () => {} } });
      return runId;
    },
    async close() {
      await world.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

const crmRow = ({ id, created, client_id, user_id, lead_id, value, currency }: CrmRow): Row => ({
  id,
  created,
  client_id: client_id ?? null,
  user_id: user_id ?? null,
  lead_id: lead_id ?? null,
  value: value ?? null,
  currency: currency ?? null,
});
