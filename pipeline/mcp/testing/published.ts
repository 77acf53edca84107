import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll } from 'vitest';
import { Config } from '../../config/schema.ts';
import { CONVERSION_CHANGES, CONVERSIONS } from '../../models/conversions/tables.ts';
import { COSTS } from '../../models/costs/tables.ts';
import { REPORT_EVENT_FUNNELS, REPORT_FUNNEL } from '../../models/funnels/tables.ts';
import { REPORT_CREDITS } from '../../models/reports/tables.ts';
import { JOURNEY_TABLES } from '../../query/testing/journey-world.ts';
import { CONFIG as VERSIONS_CONFIG, VERSION_TABLES } from '../../query/models/testing/versions.ts';
import { publish } from '../../query/testing/publish.ts';
import { PUBLICATION, REPORT_TABLES } from '../../query/testing/world.ts';
import { createReader, type Reader } from '../../query/reader.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';
import type { McpContext } from '../context.ts';
import { createMcpEndpoint } from '../http.ts';
import type { Meta } from '../meta.ts';

/** An id of a CRM that is an e-mail address, and a parameter that is an address of the network. */
export const ADDRESS = 'max@other.example';
export const IP = '203.0.113.77';

const FUNNEL: readonly Row[] = [
  {
    conversion_name: 'closed_won',
    id: 'D1',
    lead_id: 'L1',
    linked_by: 'lead_id',
    conversion_time: '2026-03-10T22:59:59.999999Z',
    conversion_date: '2026-03-10',
    lead_time: '2026-01-20T18:32:00.000000Z',
    value_micros: 10_000_000_000,
    is_first: true,
    lead_conversions: 1,
    lead_valued: 1,
    lead_value_micros: 10_000_000_000,
  },
];

const way = (message_id: string, step: number, session_id: string, since: number): Row => ({
  funnel_name: 'signup',
  write_key_id: 'wk_1',
  message_id,
  step,
  anonymous_id: 'a1',
  session_id,
  entry_date: '2026-01-05',
  since_entry_micros: since,
  since_previous_micros: since,
});

const cost = (campaign: string, cost_micros: number, clicks: number): Row => ({
  date: '2026-01-05',
  platform: 'google_ads',
  account_id: '100',
  account: 'North',
  campaign_id: campaign,
  campaign,
  ad_group_id: '',
  ad_id: '',
  source: 'google',
  medium: 'cpc',
  channel: 'Paid Search',
  cost_micros,
  original_cost: cost_micros / 1e6,
  currency: 'EUR',
  impressions: 1000,
  clicks,
});

const CONFIG_OF_PUBLICATION = {
  ...PUBLICATION.config,
  models: [...PUBLICATION.config.models, 'markov', 'game', 'visits'],
  modelDetails: VERSIONS_CONFIG.modelDetails.filter(({ name }) => name !== 'last_click'),
  eventFunnels: [
    {
      name: 'signup',
      label: 'Sign-up',
      steps: [
        { name: 'pricing', label: 'Pricing' },
        { name: 'demo', label: 'Demo' },
      ],
      windowHours: null,
      order: 'sequential' as const,
    },
  ],
};

/** The tables of the story, with what its tools need beside. @param of which deals: the earlier publication does not know one yet. */
function tables(of: 'all' | 'earlier'): (readonly [TableDefinition, readonly Row[]])[] {
  const odd: Row = {
    conversion_name: 'closed_won',
    id: ADDRESS,
    conversion_time: '2026-03-12T10:00:00.000000Z',
    attribution_time: '2026-03-12T10:00:00.000000Z',
    conversion_date: '2026-03-12',
    params: [],
    value_micros: 100_000_000,
    original_value: 100,
    currency: 'EUR',
  };
  const credit: Row = {
    conversion_name: 'closed_won',
    conversion_id: ADDRESS,
    model: 'first_click',
    session_id: '',
    person_key: null,
    conversion_date: '2026-03-12',
    click_date: '2026-03-12',
    credit: 1_000_000_000,
    value_micros: 100_000_000,
    reason: 'unknown_identifier',
    params: [{ key: 'plan', value: `seen at ${IP} by ${ADDRESS}` }],
    channel: '(not attributed)',
    source: '(not attributed)',
    medium: '(not attributed)',
  };
  const isKept = of === 'all';
  return [
    ...REPORT_TABLES.map(([table, rows]) => [table, table === REPORT_CREDITS && isKept ? [...rows, credit] : rows] as const),
    ...JOURNEY_TABLES.map(([table, rows]) => [table, table === CONVERSIONS && isKept ? [...rows, odd] : rows] as const),
    ...VERSION_TABLES,
    [REPORT_FUNNEL, FUNNEL],
    [REPORT_EVENT_FUNNELS, [way('m1', 1, 's1', 0), way('m1', 2, 's1', 60_000_000), way('m2', 1, 's3', 0)]],
    [COSTS, [cost('brand', 100_000_000, 20), cost('generic', 300_000_000, 50)]],
    [CONVERSION_CHANGES, []],
  ];
}

export const EARLIER = '20260311T030000Z';
export const NOW = new Date('2026-04-01T09:00:00Z');

/** The story of `query/testing/world.ts`, published twice: the earlier publication does not have a deal of the 12 March yet. */
export interface PublishedStory {
  readonly folder: string;
  readonly reader: Reader;
  readonly context: McpContext;
  /** What the server wrote to its log. */
  readonly logged: string[];
  close(): Promise<void>;
}

/** Publishes it into a folder of its own. */
export async function publishStory(): Promise<PublishedStory> {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-mcp-'));
  await publish(folder, tables('earlier'), {
    publication_id: EARLIER,
    published_at: '2026-03-11T03:00:00.000000Z',
    data_up_to: '2026-03-11T02:00:00.000000Z',
    config: CONFIG_OF_PUBLICATION,
  });
  await publish(folder, tables('all'), { config: CONFIG_OF_PUBLICATION });
  const reader = createReader(folder);
  const logged: string[] = [];
  const config = Config.parse({
    project: PUBLICATION.config.project,
    conversions: [
      { name: 'lead', label: 'Lead', sql: 'select 1' },
      { name: 'closed_won', label: 'Closed/Won', sql: 'select 1', value: 'money', inherit: { from: 'lead' } },
    ],
    funnel: ['lead', 'closed_won'],
  });
  const context: McpContext = {
    dataFolder: folder,
    reader,
    config: async () => config,
    now: () => NOW,
    version: '0.0.0',
    log: (line) => logged.push(line),
  };
  return {
    folder,
    reader,
    context,
    logged,
    async close() {
      await reader.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A client that asks an endpoint in this process. @param mode the era of the protocol it opens with. */
export async function connect(context: McpContext, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> {
  const endpoint = createMcpEndpoint(context);
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL('http://127.0.0.1/mcp'), {
      fetch: (url, init) => endpoint.fetch(new Request(url, init)),
    }),
  );
  return client;
}

/** The structured content of an answer. */
export interface Answered extends Record<string, unknown> {
  readonly rows: readonly Record<string, unknown>[];
  readonly totals: Record<string, unknown>;
  readonly meta: Meta;
}

/** What a tool answered: its structured content, and its text. @throws Error with the text of an error. */
export async function ask(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<{ structured: Answered; text: string }> {
  const result = await client.callTool({ name, arguments: args });
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
  if (result.isError) throw new Error(text);
  return { structured: result.structuredContent as Answered, text };
}

/** The story published, and a client of it, until the test file ends. */
export async function servedStory(): Promise<{ readonly story: PublishedStory; readonly client: Client }> {
  const story = await publishStory();
  const client = await connect(story.context);
  afterAll(async () => {
    await client.close();
    await story.close();
  });
  return { story, client };
}
