import * as z from 'zod';
import { parseCidr } from '../../edge/contract/cidr.ts';
import { normalizeIp } from '../../edge/contract/ip.ts';
import { attribution } from './attribution.ts';
import { channels } from './channels.ts';
import { conversion, dimensions, rates, selfReported } from './conversions.ts';
import { cost } from './costs.ts';
import { otherCosts } from './other-costs.ts';
import { eventFunnels } from './funnels.ts';

const identifier = z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores, beginning with a letter');
const columnType = z.enum(['STRING', 'INT64', 'FLOAT64', 'BOOL', 'TIMESTAMP', 'DATE']);

const timeZone = z.string().refine(
  (zone) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
    } catch {
      return false;
    }
  },
  { error: (issue) => `"${String(issue.input)}" is not an IANA time zone such as "Europe/Berlin"` },
);

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));
const currency = z.string().refine((code) => CURRENCIES.has(code), {
  error: (issue) => `${JSON.stringify(issue.input)}: expected an ISO 4217 code such as "EUR"`,
});

/** A name of DNS, in the form that browsers send: labels of letters, digits and hyphens; others as punycode. */
const HOST_NAME = /^(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*$/i;
const hostName = z.string().refine((text) => HOST_NAME.test(text), {
  error: ({ input }) => `${JSON.stringify(input)}: expected a host name such as "${hostIn(String(input)) ?? 'fernhill.example'}"`,
});

/** The host that was most likely meant: `https://fernhill.example/` → `fernhill.example`, `müller.example` → its punycode. */
function hostIn(text: string): string | undefined {
  const host = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#:@]+)/i.exec(text)?.[1] ?? /^([^/?#:@]+)/.exec(text)?.[1];
  const ascii = host === undefined || HOST_NAME.test(host) ? host : URL.parse(`https://${host}`)?.hostname;
  return ascii !== undefined && HOST_NAME.test(ascii) ? ascii : undefined;
}

/** Where the routes of the edge begin themselves: a path that begins so would hide them. */
const EDGE_ROUTES = ['v1', 'internal', 'health'];
const URL_PATH = /^(?:\/[\w~-][\w.~-]*)+$/;
const edgePath = z
  .string()
  .refine((text) => text === '' || URL_PATH.test(text), {
    error: ({ input }) => `${JSON.stringify(input)}: expected a path such as "${pathIn(String(input)) ?? '/t'}"`,
  })
  .refine((text) => !EDGE_ROUTES.includes(text.split('/')[1] ?? ''), {
    error: ({ input }) => `${JSON.stringify(input)}: the routes of the edge begin so themselves; expected another path, such as "/t"`,
  });

/** The path that was most likely meant: `https://www.fernhill.example/t/` → `/t`. */
function pathIn(text: string): string | undefined {
  const path = `/${text.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/^\/+|\/+$/g, '')}`;
  return URL_PATH.test(path) ? path : undefined;
}

const SCRIPT_NAME = /^[\w-]{1,64}$/;
const scriptName = z.string().refine((text) => SCRIPT_NAME.test(text), {
  error: ({ input }) => `${JSON.stringify(input)}: expected a name without folder and ".js", such as "${scriptIn(String(input)) ?? 'app'}"`,
});

/** The name that was most likely meant: `/t/app.js` → `app`. */
function scriptIn(text: string): string | undefined {
  const name = text.replace(/^.*\//, '').replace(/\.js$/i, '');
  return SCRIPT_NAME.test(name) ? name : undefined;
}

const edgeUrl = z.string().refine((text) => isEdgeUrl(text), {
  error: ({ input }) => `${JSON.stringify(input)}: expected an address such as "https://www.fernhill.example/t"`,
});

const publicUrl = z.string().refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), {
  error: ({ input }) => `${JSON.stringify(input)}: expected an address such as "https://reports.fernhill.example"`,
});

/** Without query and fragment; tokens go there, so plain http only on this machine. */
function isEdgeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.search !== '' || url.hash !== '' || url.username !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname));
}

const cidr = z.string().refine((text) => parseCidr(text) !== undefined, {
  error: ({ input }) => `${JSON.stringify(input)}: expected a range of addresses such as "203.0.113.0/24" or "2001:db8::/32"`,
});

const project = z.strictObject({
  /** Shown in reports and pages. */
  name: z.string().min(1),
  /** IANA zone of all report dates. */
  timeZone,
  /** ISO 4217 code of all reported money. */
  currency,
});

const warehouse = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('duckdb'),
    /** The database file, relative to the data folder. */
    file: z.string().min(1).default('warehouse.duckdb'),
  }),
  z.strictObject({
    type: z.literal('bigquery'),
    project: z.string().min(1),
    dataset: z.string().regex(/^\w+$/),
    location: z.string().min(1).default('EU'),
    /** Every query that would scan more is refused by BigQuery before it costs anything. */
    maximumBytesBilled: z.int().positive().default(100_000_000_000),
    /** All queries of one run together; the query that would go beyond stops the run before it costs anything. */
    maximumBytesPerRun: z.int().positive().default(1_000_000_000_000),
  }),
]);

const identityKey = z.strictObject({
  tier: z.enum(['deterministic', 'weak', 'probabilistic']),
  /** Observations of one value further apart than this many days say nothing about each other; null: a value always binds. */
  windowDays: z.int().min(1).max(3650).nullable(),
  /** A value shared by more anonymous ids than this links nobody. */
  maxAnonymousIds: z.int().positive(),
  /** Two components that hold different values of an exclusive key are never joined. */
  exclusive: z.boolean(),
});

/** An export that lost more than this share of its rows, and at least 20, or all of them, stops the run: a broken export deletes nothing. */
const maximumShrink = z.number().min(0).max(1).default(0.3);

const blockedAddress = z.string().refine((text) => /^[^\s@]+@(?:\*|[^\s@*]+)$/.test(text), {
  error: ({ input }) => `${JSON.stringify(input)}: expected an e-mail address, or a mailbox at every domain such as "info@*"`,
});

const blockedIp = z.string().refine((text) => normalizeIp(text) !== undefined, {
  error: ({ input }) => `${JSON.stringify(input)}: expected an IP address such as "203.0.113.7"; of IPv6 its whole /64 is meant`,
});

/** Values that link nobody, beside those that never do (`null`, `anonymous`, test addresses …); of CRM ids by their name. */
const blocked = z
  .object({
    user_id: z.array(z.string()).default([]),
    /** Addresses, or mailboxes at every domain: `info@*`. */
    email: z.array(blockedAddress).default([]),
    /** Domains whose role mailboxes (info@, sales@ …) are blocked, beside those of the CRM's addresses. */
    email_domains: z.array(hostName).default([]),
    ip: z.array(blockedIp).default([]),
  })
  .catchall(z.array(z.string()));

const source = z.strictObject({
  /** CSV file with a header, relative to the config file. */
  csv: z.string().min(1),
  columns: z.record(identifier, columnType),
  /** Columns that identify a row. */
  key: z.array(identifier).min(1),
  /**
   * Which columns are identifiers of a person: `anonymous_id`, `email`, `email_hash`, `user_id`, `ga_client_id`,
   * `ip_address`, or the name of a CRM id. Rows that hold an anonymous_id and another identifier join them.
   */
  identity: z.record(identifier, identifier).default({}),
  /** The column with the time of the identity evidence. */
  seen: identifier.optional(),
  maximumShrink,
});

/** At most ten years: what is kept for longer is kept for ever. */
const keptDays = z.int().min(1).max(3650);

/** The whole of `touchtrail.config.ts`; unknown keys are errors. */
export const Config = z.strictObject({
  project,
  warehouse: warehouse.default({ type: 'duckdb', file: 'warehouse.duckdb' }),
  site: z
    .strictObject({
      /** Own domains: visits between them are no referrals. */
      domains: z.array(hostName).default([]),
    })
    .default({ domains: [] }),
  edge: z
    .strictObject({
      /** Path under which the site's own host hands requests on to the edge, such as `/t`; default: none. */
      path: edgePath.default(''),
      /** What the script is called, without `.js`; blockers know common names. */
      script: scriptName.default('t'),
      /** Where the deployed edge answers, with the path where it has one: what the command line asks. Default: none is deployed. */
      url: edgeUrl.optional(),
      /** Addresses of the company itself, as CIDR: their visits are marked as internal. */
      internalIps: z.array(cidr).default([]),
      /** Proxies before the edge of `touchtrail up`, as CIDR: what they say about the visitor's address is believed. */
      trustedProxies: z.array(cidr).default([]),
    })
    .default({ path: '', script: 't', internalIps: [], trustedProxies: [] }),
  /** The dashboard of `touchtrail up`; false: none. */
  dashboard: z
    .union([
      z.literal(false),
      z.strictObject({
        /** Default: the next one after that of the edge. */
        port: z.int().min(0).max(65_535).optional(),
        /** Address to listen on; beyond this machine only with TOUCHTRAIL_DASHBOARD_TOKEN. */
        host: z.string().min(1).default('127.0.0.1'),
        /** Where readers reach it, where that is not where it listens: through a proxy. */
        publicUrl: publicUrl.optional(),
      }),
    ])
    .default({ host: '127.0.0.1' }),
  channels,
  sessions: z
    .strictObject({
      timeoutMinutes: z.int().min(1).max(1440).default(30),
      maximumHours: z.int().min(1).max(168).default(24),
    })
    .default({ timeoutMinutes: 30, maximumHours: 24 }),
  identity: z
    .strictObject({
      /** Changes to the rules of the built-in keys and of the CRM ids that the sources name, by key name. */
      keys: z.record(identifier, identityKey.partial()).default({}),
      /** A component larger than this accepts no further edge. */
      maximumComponentSize: z.int().positive().default(64),
      blocked: blocked.default({ user_id: [], email: [], email_domains: [], ip: [] }),
    })
    .default({ keys: {}, maximumComponentSize: 64, blocked: { user_id: [], email: [], email_domains: [], ip: [] } }),
  sources: z.record(identifier, source).default({}),
  costs: z.array(cost).default([]),
  otherCosts,
  conversions: z.array(conversion).default([]),
  selfReported,
  rates,
  dimensions,
  /** Conversion names in the order of the funnel. */
  funnel: z.array(identifier).default([]),
  eventFunnels,
  attribution,
  /** When `up` runs the pipeline, in the project's time zone. */
  nightly: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time such as "03:00"')
    .default('03:00'),
  /** Days that personal data is kept; without a number: for ever. A table made from another is kept at most as long as that one. */
  retention: z
    .strictObject({
      /** Deliveries of events, by day of receipt. */
      events_raw: keptDays.optional(),
      /** Events, by the day they happened; default: as `events_raw`. */
      events: keptDays.optional(),
      /** Sessions, by the day they began; default: as `events`. */
      sessions: keptDays.optional(),
      /** Rejected events with their payload. */
      failed_events: keptDays.optional(),
      /** Landing segments that are in the warehouse already. */
      landing: keptDays.optional(),
    })
    .default({}),
  publications: z.strictObject({ keep: z.int().positive().default(35) }).default({ keep: 35 }),
});
export type Config = z.infer<typeof Config>;
/** What a user writes: everything with a default may be left out. */
export type ConfigInput = z.input<typeof Config>;
