import { expect, test } from 'vitest';
import type { Journey } from '../../query/journey/types.ts';
import { renderJourney } from './journey.ts';
import { PLAIN } from './text.ts';

const DEVICE = { device_type: 'desktop', os: 'Windows', country: 'DE', city: 'Berlin', sessions: 1, pending_events: 0 };
const EVENT = {
  event: null,
  page_path: null,
  referrer: null,
  utm_source: null,
  utm_medium: null,
  utm_campaign: null,
  click_ids: [],
  is_bot: false,
  identifiers: [],
};

const JOURNEY: Journey = {
  selector: 'lead L1',
  person_ids: ['a1'],
  devices: [
    {
      ...DEVICE,
      anonymous_id: 'a1',
      browser: 'Chrome',
      first_seen: '2026-01-05T09:00:00.000000Z',
      last_seen: '2026-01-06T09:00:00.000000Z',
    },
    {
      ...DEVICE,
      os: null,
      city: null,
      sessions: 0,
      pending_events: 1,
      anonymous_id: 'a2',
      browser: 'Sa\u001B[31mfari',
      first_seen: '2026-03-11T08:00:00.000Z',
      last_seen: '2026-03-11T08:00:00.000Z',
    },
  ],
  signals: [
    {
      key_name: 'email_hash',
      shown_value: '441a0dd2…',
      joins: true,
      seen: [
        {
          anonymous_id: 'a1',
          tier: 'deterministic',
          origin: 'form',
          first_seen: '2026-01-05T09:04:00.000000Z',
          verdict: 'used',
          reason: null,
        },
        { anonymous_id: 'a2', tier: null, origin: 'url', first_seen: '2026-03-11T08:00:00.000Z', verdict: 'pending', reason: null },
      ],
    },
    {
      key_name: 'user_id',
      shown_value: 'u7',
      joins: false,
      seen: [
        {
          anonymous_id: 'a1',
          tier: 'deterministic',
          origin: 'identify',
          first_seen: '2026-01-05T23:30:00.000000Z',
          verdict: 'refused',
          reason: 'shared_key',
        },
      ],
    },
  ],
  sessions: [
    {
      session_id: 's1',
      anonymous_id: 'a1',
      started_at: '2026-01-05T09:00:00.000000Z',
      ended_at: '2026-01-05T09:10:00.000000Z',
      channel: 'Paid Search',
      source: 'google',
      medium: 'cpc',
      campaign: 'brand',
      landing_path: '/pricing',
      page_views: 2,
      credits: [
        { conversion: 'closed_won', conversion_id: 'D1', model: 'first_click', credit: 1, value: 10_000 },
        { conversion: 'closed_won', conversion_id: 'D1', model: 'linear', credit: 0.5, value: 5000 },
      ],
    },
  ],
  conversions: [
    {
      name: 'closed_won',
      label: 'Closed/Won',
      id: 'D1',
      conversion_time: '2026-03-10T22:59:59.999999Z',
      attribution_time: '2026-01-05T09:05:00.000000Z',
      value: 10_000,
      is_qualified: true,
      follows: { name: 'lead', label: 'Lead', id: 'L1', days: 49 },
      matched_by: 'client_id',
      inherited_from: null,
      self_reported: [],
      not_attributed: [{ model: 'last_click', reason: 'no_session_in_window' }],
    },
  ],
  pending: [
    {
      ...EVENT,
      anonymous_id: 'a2',
      occurred_at: '2026-03-11T08:00:00.000Z',
      type: 'page',
      page_path: '/demo',
      utm_source: 'google',
      utm_medium: 'cpc',
      click_ids: ['gclid'],
    },
  ],
  publication: { publication_id: 'p1', published_at: '2026-03-11T02:00:00.000000Z' },
};

const PROJECT = { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR', labels: { closed_won: 'Closed/Won' } };

test('a journey reads from the first click to the deal, and marks what is not yet processed', () => {
  expect(renderJourney(JOURNEY, PROJECT, { emphasis: PLAIN }).split('\n')).toEqual([
    'Fernhill · Journey of person a1',
    'found by lead L1 · 2 devices, 1 session, 1 conversion, 1 event not yet processed',
    'Europe/Berlin · published Wed 11 Mar 2026 03:00',
    '',
    'Devices',
    '  D1  Chrome on Windows, desktop, Berlin, DE · 5 Jan 2026 – 6 Jan 2026 · 1 session · anonymous_id a1',
    '  D2  Sa [31mfari, desktop, DE · 11 Mar 2026 · 1 event not yet processed · anonymous_id a2',
    '',
    'Joined by',
    '  email_hash 441a0dd2…',
    '    D1  5 Jan 2026 · form · deterministic',
    '    D2  11 Mar 2026 · url · not yet processed',
    '',
    'Other identifiers',
    '  user_id u7',
    '    D1  6 Jan 2026 · identify · deterministic · refused: shared key',
    '',
    'Journey',
    '   Mon 5 Jan 2026 10:00  D1  Paid Search · google / cpc · brand · /pricing · 2 pages',
    '                             → credit for Closed/Won D1: first click; linear 50.0% (€5,000.00)',
    '  Tue 10 Mar 2026 23:59  ★   Closed/Won D1 · €10,000.00',
    '                             49 days after Lead L1 · qualified · attributed as of Mon 5 Jan 2026 10:05 · person found by client_id',
    '                             (not attributed) no session in window: last click',
    '',
    'Landed, not yet processed',
    '  Wed 11 Mar 2026 09:00  D2  page · /demo · google / cpc · gclid',
    '',
    'The next `touchtrail run` processes what has landed; who belongs to whom is decided there.',
    '',
  ]);
});

test('without a publication the times are in UTC, and it says so', () => {
  const lines = renderJourney({ ...JOURNEY, person_ids: [], publication: null, sessions: [], conversions: [] }, undefined, {
    emphasis: PLAIN,
  }).split('\n');
  expect(lines[0]).toBe('Journey of somebody new');
  expect(lines[2]).toBe('UTC · no publication yet');
  expect(lines).toContain('  Wed 11 Mar 2026 08:00  D2  page · /demo · google / cpc · gclid');
});

test('a lead that the CRM dates to the whole second stands behind the session of that second, and before the next', () => {
  const [session] = JOURNEY.sessions;
  const [deal] = JOURNEY.conversions;
  const text = renderJourney(
    {
      ...JOURNEY,
      pending: [],
      sessions: [
        { ...session!, credits: [], started_at: '2026-01-05T09:00:00.750000Z', landing_path: '/form' },
        { ...session!, credits: [], started_at: '2026-01-05T09:00:01.000000Z', landing_path: '/thanks' },
      ],
      conversions: [
        { ...deal!, id: 'WHOLE', conversion_time: '2026-01-05T09:00:00.000000Z' },
        { ...deal!, id: 'EXACT', conversion_time: '2026-01-05T09:00:00.500000Z' },
      ],
    },
    undefined,
    { emphasis: PLAIN },
  );
  expect(text.match(/\/form|\/thanks|WHOLE|EXACT/g)).toEqual(['EXACT', '/form', 'WHOLE', '/thanks']);
});

test('an event of a bot says that it will be left out', () => {
  const bot = { ...EVENT, anonymous_id: 'a1', occurred_at: '2026-03-11T08:00:00.000Z', type: 'page', page_path: '/', is_bot: true };
  const text = renderJourney({ ...JOURNEY, pending: [bot] }, undefined, { emphasis: PLAIN });
  expect(text).toMatch(/\n.* \/ · left out as a bot\n/);
});

test('a conversion says whose credits it has, and what its person answered', () => {
  const deal = {
    ...JOURNEY.conversions[0]!,
    inherited_from: { name: 'lead', label: 'Lead', id: 'L1' },
    self_reported: [
      { model: 'first_click', channel: 'Podcast (SRA)' },
      { model: 'linear', channel: 'Podcast (SRA)' },
    ],
    not_attributed: [],
  };
  const text = renderJourney({ ...JOURNEY, sessions: [], conversions: [deal] }, PROJECT, { emphasis: PLAIN });
  expect(text).toContain(
    [
      '  Tue 10 Mar 2026 23:59  ★   Closed/Won D1 · €10,000.00',
      '                             49 days after Lead L1 · qualified · attributed as of Mon 5 Jan 2026 10:05 · person found by client_id · credits inherited from Lead L1',
      '                             → self-reported Podcast (SRA): first click, linear',
      '',
    ].join('\n'),
  );
});

test('many models stand together where they agree, the largest share first, and fold where a line is long', () => {
  const shares: readonly (readonly [model: string, credit: number])[] = [
    ['first_click', 1],
    ['linear', 0.25],
    ['position_based', 0.4],
    ['shapley', 0.25],
    ['time_decay', 0.123],
    ['markov', 0.3],
    ['shapley_rate', 0.31],
  ];
  const credits = shares.map(([model, credit]) => ({
    conversion: 'closed_won',
    conversion_id: 'D1',
    model,
    credit,
    value: credit * 10_000,
  }));
  const text = renderJourney({ ...JOURNEY, sessions: [{ ...JOURNEY.sessions[0]!, credits }] }, PROJECT, { emphasis: PLAIN });
  expect(text).toContain(
    [
      '                             → credit for Closed/Won D1: first click; position based 40.0% (€4,000.00); shapley rate 31.0% (€3,100.00);',
      '                                 markov 30.0% (€3,000.00); linear, shapley 25.0% (€2,500.00); time decay 12.3% (€1,230.00)',
      '',
    ].join('\n'),
  );
});

test('conversions that are credited alike stand together, and those with a value of their own apart', () => {
  const credits = [
    ['lead', 'L1', null],
    ['mql', 'L1', null],
    ['opportunity', 'D1', 10_000],
    ['closed_won', 'D1', 10_000],
  ].flatMap(([conversion, conversion_id, value]) =>
    [
      ['first_click', 1],
      ['linear', 0.5],
    ].map(([model, credit]) => ({
      conversion: conversion as string,
      conversion_id: conversion_id as string,
      model: model as string,
      credit: credit as number,
      value: value === null ? null : Number(value) * Number(credit),
    })),
  );
  const text = renderJourney({ ...JOURNEY, sessions: [{ ...JOURNEY.sessions[0]!, credits }] }, PROJECT, { emphasis: PLAIN });
  expect(text.match(/→ credit for .*/g)).toEqual([
    '→ credit for Lead L1, Mql L1: first click; linear 50.0%',
    '→ credit for Opportunity D1, Closed/Won D1: first click; linear 50.0% (€5,000.00)',
  ]);
});
