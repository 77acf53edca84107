import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkConfig } from './check.ts';
import { UserError } from './user-error.ts';

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'touchtrail-check-')));
  mkdirSync(path.join(folder, 'conversions'));
  writeFileSync(path.join(folder, 'conversions', 'lead.sql'), 'select 1');
  writeFileSync(path.join(folder, 'leads.csv'), 'lead_id\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const project = { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' };
const lead = { name: 'lead', label: 'Lead', sql: 'conversions/lead.sql' };
const leads = { csv: 'leads.csv', columns: { lead_id: 'STRING', email: 'STRING' }, key: ['lead_id'] };

/** A config that is wrong, and the lines of the message under its heading; `<folder>` stands for the folder of the config. */
const WRONG: readonly [string, unknown, readonly string[]][] = [
  [
    'a table that is kept for longer than what it is made from',
    { project, retention: { events_raw: 90, sessions: 91 } },
    ['retention.sessions: 91: made from events_raw, which is kept for 90 days; expected at most 90'],
  ],
  ['an unknown key at the top', { project, conversion: [] }, ['conversion: []: unknown key; did you mean "conversions"?']],
  [
    'an unknown key inside',
    { project: { ...project, timezone: 'Europe/Berlin' } },
    ['project.timezone: "Europe/Berlin": unknown key; did you mean "timeZone"?'],
  ],
  [
    'an unknown key that is near to nothing',
    { project: { ...project, colour: 'green' } },
    ['project.colour: "green": unknown key; expected one of name, timeZone, currency'],
  ],
  [
    'an unknown key in a list',
    { project, conversions: [{ ...lead, lable: 'x' }] },
    ['conversions[0].lable: "x": unknown key; did you mean "label"?'],
  ],
  [
    'an unknown key in a record',
    { project, sources: { crm_leads: { ...leads, colums: {} } } },
    ['sources.crm_leads.colums: {}: unknown key; did you mean "columns"?'],
  ],
  [
    'an unknown key of the chosen warehouse',
    { project, warehouse: { type: 'bigquery', project: 'p', dataset: 'd', locaton: 'US' } },
    ['warehouse.locaton: "US": unknown key; did you mean "location"?'],
  ],
  ['a missing value', { project: { name: 'Fernhill', timeZone: 'UTC' } }, ['project.currency: missing; expected a string']],
  ['a missing section', {}, ['project: missing; expected an object']],
  ['no config at all', 'nothing', ['"nothing": expected an object']],
  ['a value of the wrong type', { project, sessions: { timeoutMinutes: '30' } }, ['sessions.timeoutMinutes: "30": expected a number']],
  [
    'a currency that is none',
    { project: { ...project, currency: 'euro' } },
    ['project.currency: "euro": expected an ISO 4217 code such as "EUR"'],
  ],
  [
    'a currency that does not exist',
    { project: { ...project, currency: 'XQQ' } },
    ['project.currency: "XQQ": expected an ISO 4217 code such as "EUR"'],
  ],
  [
    'an address in place of a domain',
    { project, site: { domains: ['www.fernhill.example', 'https://fernhill.example/', '*'] } },
    [
      'site.domains[1]: "https://fernhill.example/": expected a host name such as "fernhill.example"',
      'site.domains[2]: "*": expected a host name such as "fernhill.example"',
    ],
  ],
  [
    'a path of the edge that is none',
    { project, edge: { path: 'https://www.fernhill.example/t/', script: '/t/app.js' } },
    [
      'edge.path: "https://www.fernhill.example/t/": expected a path such as "/t"',
      'edge.script: "/t/app.js": expected a name without folder and ".js", such as "app"',
    ],
  ],
  [
    'a path of the edge without its slash, and a name of nothing',
    { project, edge: { path: 'a/b', script: '' } },
    ['edge.path: "a/b": expected a path such as "/a/b"', 'edge.script: "": expected a name without folder and ".js", such as "app"'],
  ],
  ['a path of the edge that is only a slash', { project, edge: { path: '/' } }, ['edge.path: "/": expected a path such as "/t"']],
  [
    'a path of the edge that leads away',
    { project, edge: { path: '/t/../x', name: 'app' } },
    [
      'edge.path: "/t/../x": expected a path such as "/t"',
      'edge.name: "app": unknown key; expected one of path, script, url, internalIps, trustedProxies',
    ],
  ],
  [
    'a path of the edge that its routes have',
    { project, edge: { path: '/v1/t' } },
    ['edge.path: "/v1/t": the routes of the edge begin so themselves; expected another path, such as "/t"'],
  ],
  [
    'identifiers of a source that are nearly built-in ones',
    { project, sources: { crm_leads: { ...leads, identity: { lead_id: 'anon', email: 'emial' } } } },
    [
      'sources.crm_leads.identity.lead_id: "anon": no such identifier; did you mean "anonymous_id"? A CRM id has another name, such as "crm_contact_id"',
      'sources.crm_leads.identity.email: "emial": no such identifier; did you mean "email"? A CRM id has another name, such as "crm_contact_id"',
    ],
  ],
  [
    'a time zone that is none',
    { project: { ...project, timeZone: 'Berlin' } },
    ['project.timeZone: "Berlin" is not an IANA time zone such as "Europe/Berlin"'],
  ],
  ['a number out of bounds', { project, sessions: { timeoutMinutes: 0 } }, ['sessions.timeoutMinutes: 0: expected number to be >=1']],
  [
    'an unknown attribution model',
    { project, attribution: { models: ['first_clik'] } },
    [
      'attribution.models[0]: "first_clik": expected one of "first_click", "last_click", "last_significant_click", "linear", "position_based", "time_decay", "shapley", "shapley_rate", "markov", "visit_scoring"; did you mean "first_click"?',
    ],
  ],
  [
    'an unknown warehouse',
    { project, warehouse: { type: 'bigqery' } },
    ['warehouse.type: "bigqery": expected one of "duckdb", "bigquery"; did you mean "bigquery"?'],
  ],
  [
    'a name with capitals',
    { project, sources: { CrmLeads: leads } },
    ['sources.CrmLeads: name "CrmLeads": expected lower-case letters, digits and underscores, beginning with a letter'],
  ],
  ['a time of day that is none', { project, nightly: '24:00' }, ['nightly: "24:00": expected a time such as "03:00"']],
  [
    'a conversion that stands there twice',
    { project, conversions: [lead, lead] },
    ['conversions[1].name: "lead": conversions[0] has the same name; expected each name once'],
  ],
  [
    'a funnel step that is no conversion',
    { project, conversions: [lead], funnel: ['laed'] },
    ['funnel[0]: "laed": no such conversion; did you mean "lead"?'],
  ],
  ['a funnel step twice', { project, conversions: [lead], funnel: ['lead', 'lead'] }, ['funnel[1]: "lead": stands in the funnel twice']],
  ['a funnel without conversions', { project, funnel: ['lead'] }, ['funnel[0]: "lead": no such conversion; there is none']],
  [
    'a source named like a table of the model',
    { project, sources: { sessions: leads } },
    ['sources.sessions: "sessions" is a table of Touchtrail itself; expected another name, such as "crm_sessions"'],
  ],
  [
    'a key column that is not declared',
    { project, sources: { crm_leads: { ...leads, key: ['leadid'] } } },
    ['sources.crm_leads.key[0]: "leadid": no such column of sources.crm_leads.columns; did you mean "lead_id"?'],
  ],
  [
    'an identity and a time column that are not declared',
    { project, sources: { crm_leads: { ...leads, identity: { e_mail: 'email' }, seen: 'created' } } },
    [
      'sources.crm_leads.identity.e_mail: "e_mail": no such column of sources.crm_leads.columns; did you mean "email"?',
      'sources.crm_leads.seen: "created": no such column of sources.crm_leads.columns; there are lead_id, email',
    ],
  ],
  [
    'an identity key that is misspelt',
    { project, identity: { keys: { emial_hash: { maxAnonymousIds: 3 } } } },
    ['identity.keys.emial_hash: "emial_hash": no such identity key; did you mean "email_hash"?'],
  ],
  [
    'an identity key that no source names',
    { project, identity: { keys: { crm_contact_id: { exclusive: true } } } },
    [
      'identity.keys.crm_contact_id: "crm_contact_id": no such identity key; there are user_id, email_hash, previous_id, ga_client_id, email_hash_link, click_id, ip_hash',
    ],
  ],
  [
    'what only events hold, as a column of a source',
    { project, sources: { crm_leads: { ...leads, identity: { lead_id: 'click_id', email: 'ip_hash' } } } },
    [
      'sources.crm_leads.identity.lead_id: "click_id" comes from events only; leave it out',
      'sources.crm_leads.identity.email: "ip_hash" comes from events only; a column of addresses is "ip_address"; leave it out',
    ],
  ],
  [
    'a source named like an origin of events',
    { project, sources: { form: { ...leads, identity: { email: 'email' } } } },
    ['sources.form: "form" is an origin of events; expected another name, such as "crm_form"'],
  ],
  [
    'what an e-mail hash of a link shares with the others',
    { project, identity: { keys: { email_hash_link: { windowDays: 3, exclusive: true } } } },
    [
      'identity.keys.email_hash_link.windowDays: is that of email_hash; set it there',
      'identity.keys.email_hash_link.exclusive: is that of email_hash; set it there',
    ],
  ],
  [
    'values to block that are none',
    { project, identity: { blocked: { email: ['info', 'info@*'], ip: ['10.0.0.0/8'] } } },
    [
      'identity.blocked.email[0]: "info": expected an e-mail address, or a mailbox at every domain such as "info@*"',
      'identity.blocked.ip[0]: "10.0.0.0/8": expected an IP address such as "203.0.113.7"; of IPv6 its whole /64 is meant',
    ],
  ],
  [
    'an identifier to block that no source names',
    { project, identity: { blocked: { crm_id: ['7'] } } },
    [
      'identity.blocked.crm_id: "crm_id": no such identifier to block; there are email, email_domains, ip, user_id, previous_id, ga_client_id, click_id',
    ],
  ],
  [
    'an SQL file that is missing',
    { project, conversions: [{ ...lead, sql: 'conversions/laed.sql' }] },
    ['conversions[0].sql: "conversions/laed.sql": no such file: <folder>/conversions/laed.sql; did you mean "lead.sql"?'],
  ],
  [
    'a CSV file that is missing',
    {
      project,
      sources: { crm_leads: { ...leads, csv: 'crm/deals.csv' } },
      costs: [{ csv: 'linkedin.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }],
    },
    [
      'sources.crm_leads.csv: "crm/deals.csv": no such file: <folder>/crm/deals.csv',
      'costs[0].csv: "linkedin.csv": no such file: <folder>/linkedin.csv',
    ],
  ],
];

test.each(WRONG)('%s is named with its path, value and what was expected', (_, input, lines) => {
  const error = (() => {
    try {
      checkConfig(input, folder, 'touchtrail.config.ts');
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(UserError);
  const [heading, ...rest] = (error as UserError).message.split('\n');
  expect(heading).toBe(`touchtrail.config.ts: ${lines.length === 1 ? '1 problem' : `${lines.length} problems`} in the config`);
  expect(rest).toEqual(lines.map((line) => `  ${line.replace('<folder>', folder)}`));
  expect((error as UserError).exitCode).toBe(2);
});

test('the built-in identity keys and the ids that sources name can be set', () => {
  const sources = { crm_leads: { ...leads, identity: { lead_id: 'crm_lead_id', email: 'email' } } };
  const keys = { email_hash_link: { maxAnonymousIds: 2 }, crm_lead_id: { exclusive: true } };
  expect(checkConfig({ project, sources, identity: { keys } }, folder, 'x').identity.keys).toEqual(keys);
});

test('a right config passes, with its defaults', () => {
  const config = checkConfig({ project, conversions: [lead], funnel: ['lead'], sources: { crm_leads: leads } }, folder, 'x');
  expect(config.attribution).toEqual({ models: ['first_click', 'last_click', 'last_significant_click'], lookbackDays: 90 });
  expect(config.conversions[0]).toMatchObject({ value: 'none' });
});

test.each([
  [undefined, { path: '', script: 't' }],
  [{}, { path: '', script: 't' }],
  [{ path: '/t' }, { path: '/t', script: 't' }],
  [
    { path: '/a/b.c', script: 'app-1_x' },
    { path: '/a/b.c', script: 'app-1_x' },
  ],
  [
    { url: 'https://www.fernhill.example/t', internalIps: ['203.0.113.0/24', '2001:db8::/32'], trustedProxies: ['127.0.0.1'] },
    {
      path: '',
      script: 't',
      url: 'https://www.fernhill.example/t',
      internalIps: ['203.0.113.0/24', '2001:db8::/32'],
      trustedProxies: ['127.0.0.1'],
    },
  ],
])('the edge %j is %j', (edge, expected) => {
  expect(checkConfig({ project, ...(edge && { edge }) }, folder, 'x').edge).toEqual({ internalIps: [], trustedProxies: [], ...expected });
});

test('a file that is not there can be told of instead: whoever only receives events needs none', () => {
  const told: string[] = [];
  const input = { project, costs: [{ csv: 'gone.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }] };
  const config = checkConfig(input, folder, 'x', { onMissingFile: (message) => told.push(message) });
  expect(config.costs).toHaveLength(1);
  expect(told).toEqual([`x: costs[0].csv: "gone.csv": no such file: ${path.join(folder, 'gone.csv')}`]);
  expect(() => checkConfig(input, folder, 'x')).toThrow('no such file');
});
