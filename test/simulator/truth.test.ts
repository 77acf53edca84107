import { describe, expect, test } from 'vitest';
import { berlin, DAY, HOUR, MINUTE, SECOND } from './calendar.ts';
import { observePeople } from './observed-people.ts';
import { simulate } from './simulate.ts';
import { MODELS, tellTruth, type Truth } from './truth.ts';
import { channelOf, conversionsByChannel, costByChannel, roasByChannel, trafficByChannel } from './truth-tables.ts';
import type { Arrival, Deal, Device, Hit, Lead, World } from './world.ts';

const direct: Arrival = { channel: 'Direct', landing: '/', referrer: '' };
const search: Arrival = { channel: 'Organic Search', landing: '/', referrer: 'https://www.google.com/' };
const assistant: Arrival = { channel: 'AI Assistant', landing: '/', referrer: 'https://chatgpt.com/' };
const ad = (click: string): Arrival => ({
  channel: 'Paid Search',
  landing: '/',
  referrer: 'https://www.google.com/',
  campaign: { source: 'google', medium: 'cpc', name: 'Brand' },
  clickId: { name: 'gclid', value: click },
});
const letter = (linkEmail: string): Arrival => ({
  channel: 'Email',
  landing: '/',
  referrer: '',
  campaign: { source: 'crew-letter', medium: 'email', name: 'issue 1' },
  linkEmail,
});

let browsers = 0;
function browser(...visits: [Arrival, number[], Partial<Hit>?][]): Device {
  return {
    anonymousId: `browser-${++browsers}`,
    userAgent: '',
    bot: false,
    ip: '192.0.2.1',
    place: { country: 'DE', region: '', city: '' },
    visits: visits.map(([arrival, times, lastHit]) => ({
      arrival,
      hits: times.map((at, index) => ({
        at,
        kind: 'page',
        path: '/',
        referrer: '',
        ...(index === 0 ? { arrival } : {}),
        ...(index === times.length - 1 ? lastHit : {}),
      })),
    })),
  };
}

function world(devices: Device[], rest: Partial<World> = {}): World {
  return { seed: 0, people: [], devices, leads: [], deals: [], costs: [], ...rest };
}

function lead(leadId: string, createdAt: number, rest: Partial<Lead> = {}): Lead {
  return { leadId, createdAt, email: '', device: undefined, form: 'demo', mqlAt: undefined, handRaisedAt: undefined, ...rest };
}

const T = berlin('2026-02-02T10:00:00');
const starts = (truth: Truth) => truth.sessions.map(({ startedAt, channel }) => [startedAt - T, channel]);

describe('true sessions', () => {
  test('a pause of exactly 30 minutes belongs to the session, a millisecond more ends it', () => {
    const kept = tellTruth(world([browser([search, [T]], [direct, [T + 30 * MINUTE]])]));
    expect(starts(kept)).toEqual([[0, 'Organic Search']]);
    const ended = tellTruth(world([browser([search, [T]], [direct, [T + 30 * MINUTE + 1]])]));
    expect(starts(ended)).toEqual([
      [0, 'Organic Search'],
      [30 * MINUTE + 1, 'Direct'],
    ]);
  });

  test('another ad click begins a session at once; the same click and a referrer do not', () => {
    const visits = (second: Arrival) => starts(tellTruth(world([browser([ad('a'), [T]], [second, [T + MINUTE]])])));
    expect(visits(ad('b'))).toEqual([
      [0, 'Paid Search'],
      [MINUTE, 'Paid Search'],
    ]);
    expect(visits(letter('x@x.example'))).toEqual([
      [0, 'Paid Search'],
      [MINUTE, 'Email'],
    ]);
    expect(visits(ad('a'))).toEqual([[0, 'Paid Search']]);
    expect(visits(assistant)).toEqual([[0, 'Paid Search']]);
  });

  test('midnight does not split a session, 24 hours do', () => {
    const overMidnight = berlin('2026-02-02T23:50:00');
    const truth = tellTruth(world([browser([search, [overMidnight, overMidnight + 20 * MINUTE]])]));
    expect(truth.sessions.map((session) => session.date)).toEqual(['2026-02-02']);
    const reloads = Array.from({ length: 60 }, (_, index) => T + index * 25 * MINUTE);
    expect(starts(tellTruth(world([browser([direct, reloads])])))).toEqual([
      [0, 'Direct'],
      [58 * 25 * MINUTE, 'Direct'],
    ]);
  });

  test('bots have no sessions', () => {
    expect(tellTruth(world([{ ...browser([search, [T]]), bot: true }])).sessions).toEqual([]);
  });
});

const groups = (devices: Device[], leads: Lead[] = []) =>
  observePeople(world(devices, { leads }))
    .map((person) => person.devices.map((device) => devices.indexOf(device)).sort((a, b) => a - b))
    .sort((a, b) => a[0]! - b[0]!);
const submits = (email: string) => browser([direct, [T], { email }]);
const clicks = (email: string) => browser([letter(email), [T + DAY]]);

const shared = (...emails: string[]) =>
  browser(...emails.map((email, index): [Arrival, number[], Partial<Hit>] => [direct, [T + index * HOUR], { email }]));

describe('true people', () => {
  test('the same address submitted twice joins, an office address does not', () => {
    expect(groups([submits('a@x.example'), submits('A@x.example '), submits('b@x.example')])).toEqual([[0, 1], [2]]);
  });

  test('a user id joins, and a CRM row joins its cookie with its address', () => {
    const loggedIn = () => browser([direct, [T], { userId: 'u1' }]);
    expect(groups([loggedIn(), loggedIn()])).toEqual([[0, 1]]);
    const silent = browser([direct, [T]]);
    expect(groups([silent, submits('a@x.example')])).toEqual([[0], [1]]);
    expect(groups([silent, submits('a@x.example')], [lead('L-1', T, { device: silent, email: 'a@x.example' })])).toEqual([[0, 1]]);
  });

  test('a newsletter click joins the reader’s devices, but not a colleague whose own address is known', () => {
    const colleague = browser([direct, [T], { email: 'b@x.example' }], [letter('a@x.example'), [T + DAY]]);
    expect(groups([submits('a@x.example'), clicks('a@x.example'), colleague])).toEqual([[0, 1], [2]]);
  });

  test('a link clicked on six browsers joins nobody, on five it does', () => {
    expect(
      groups([clicks('a@x.example'), clicks('a@x.example'), clicks('a@x.example'), clicks('a@x.example'), clicks('a@x.example')]),
    ).toEqual([[0, 1, 2, 3, 4]]);
    expect(
      groups([
        clicks('a@x.example'),
        clicks('a@x.example'),
        clicks('a@x.example'),
        clicks('a@x.example'),
        clicks('a@x.example'),
        clicks('a@x.example'),
      ]),
    ).toEqual([[0], [1], [2], [3], [4], [5]]);
  });

  test('a browser with four addresses is a shared device and joins nobody, with three it does', () => {
    expect(groups([shared('a@x.example', 'b@x.example', 'c@x.example'), submits('a@x.example')])).toEqual([[0, 1]]);
    expect(groups([shared('a@x.example', 'b@x.example', 'c@x.example', 'd@x.example'), submits('a@x.example')])).toEqual([[0], [1]]);
  });
});

describe('true attribution', () => {
  const device = browser(
    [ad('a'), [T]],
    [direct, [T + 10 * DAY]],
    [search, [T + 20 * DAY]],
    [direct, [T + 30 * DAY], { email: 'a@x.example' }],
  );
  const formAt = T + 30 * DAY;
  const credits = (leads: Lead[]) =>
    Object.fromEntries(
      tellTruth(world([device], { leads })).conversions.map((conversion) => [
        conversion.id,
        [channelOf(conversion, 'first_click'), channelOf(conversion, 'last_click'), channelOf(conversion, 'last_significant_click')],
      ]),
    );

  test('first, last and last significant click of one path', () => {
    expect(credits([lead('L-1', formAt + 5 * SECOND, { device })])).toEqual({ 'L-1': ['Paid Search', 'Direct', 'Organic Search'] });
  });

  test('an address is enough where the cookie is missing; an unknown one and none are not attributed', () => {
    const none = '(not attributed)';
    const leads = [lead('L-1', formAt, { email: ' A@x.example' }), lead('L-2', formAt, { email: 'who@x.example' }), lead('L-3', formAt)];
    expect(credits(leads)).toEqual({
      'L-1': ['Paid Search', 'Direct', 'Organic Search'],
      'L-2': [none, none, none],
      'L-3': [none, none, none],
    });
  });

  test('the window is 90 days before and 5 minutes after the attribution time, ends included', () => {
    expect(credits([lead('in', T + 90 * DAY, { device })])).toMatchObject({ in: ['Paid Search', 'Direct', 'Organic Search'] });
    expect(credits([lead('out', T + 90 * DAY + 1, { device })])).toMatchObject({ out: ['Direct', 'Direct', 'Organic Search'] });
    expect(credits([lead('before', T - 5 * MINUTE, { device })])).toMatchObject({ before: ['Paid Search', 'Paid Search', 'Paid Search'] });
    expect(credits([lead('too early', T - 5 * MINUTE - 1, { device })])).toMatchObject({ 'too early': Array(3).fill('(not attributed)') });
    expect(credits([lead('late', T + 121 * DAY, { device })])).toMatchObject({ late: Array(3).fill('(not attributed)') });
  });

  test('only direct visits: the last of them is credited', () => {
    const plain = browser([direct, [T]], [direct, [T + DAY]]);
    const truth = tellTruth(world([plain], { leads: [lead('L-1', T + DAY, { device: plain })] }));
    expect(truth.conversions[0]!.credited.last_significant_click?.startedAt).toBe(T + DAY);
  });

  test('a deal earns its revenue in the month it is won and its credit from the click before the lead', () => {
    const first = lead('L-1', formAt, { device, mqlAt: formAt + DAY });
    const deal: Deal = {
      dealId: 'D-1',
      lead: first,
      name: '',
      createdAt: formAt + 5 * DAY,
      stages: [
        { stage: 'qualified', enteredAt: formAt + 5 * DAY },
        { stage: 'closed_won', enteredAt: berlin('2026-06-17T15:00:00') },
      ],
      closedOn: '2026-06-17',
      amountCents: 5_000_000,
    };
    const lost: Deal = { ...deal, dealId: 'D-2', stages: [{ stage: 'closed_lost', enteredAt: deal.createdAt }] };
    const costs = [
      { placement: 'google_brand', date: '2026-02-01', costCents: 100_000, impressions: 10, clicks: 2 },
      { placement: 'microsoft_scheduling', date: '2026-06-01', costCents: 150_000, impressions: 10, clicks: 2 },
      { placement: 'linkedin_demo', date: '2026-06-01', costCents: 70_000, impressions: 10, clicks: 2 },
    ];
    const truth = tellTruth(world([device], { leads: [first], deals: [deal, lost], costs }));
    const june = { from: '2026-06-01', to: '2026-06-30' };
    expect(conversionsByChannel(truth, 'closed_won', 'first_click', june)).toEqual(
      new Map([['Paid Search', { conversions: 1, valueCents: 5_000_000 }]]),
    );
    expect(conversionsByChannel(truth, 'closed_won', 'first_click', { from: '2026-01-01', to: '2026-05-31' })).toEqual(new Map());
    expect(conversionsByChannel(truth, 'opportunity', 'last_click')).toEqual(
      new Map([['Direct', { conversions: 2, valueCents: 10_000_000 }]]),
    );
    expect(conversionsByChannel(truth, 'mql', 'last_click')).toEqual(new Map([['Direct', { conversions: 1, valueCents: 0 }]]));
    expect(costByChannel(truth)).toEqual(
      new Map([
        ['Paid Search', 250_000],
        ['Paid Social', 70_000],
      ]),
    );
    expect(roasByChannel(truth, 'first_click')).toEqual(
      new Map([
        ['Paid Search', 20],
        ['Paid Social', 0],
      ]),
    );
  });

  test('traffic counts sessions, and people once per channel over all their devices', () => {
    const other = browser([search, [T + HOUR]], [direct, [T + 2 * HOUR], { email: 'a@x.example' }]);
    const traffic = trafficByChannel(tellTruth(world([device, other, browser([search, [T]])])));
    expect(traffic).toEqual(
      new Map([
        ['Paid Search', { sessions: 1, users: 1 }],
        ['Organic Search', { sessions: 3, users: 2 }],
        ['Direct', { sessions: 3, users: 1 }],
      ]),
    );
  });
});

describe('the truth of the example', () => {
  const truth = tellTruth(simulate());

  test('a rank flips on the way through the funnel: many leads are not many deals', () => {
    const leads = conversionsByChannel(truth, 'lead', 'first_click');
    const deals = conversionsByChannel(truth, 'closed_won', 'first_click');
    expect(leads.get('Paid Social')!.conversions).toBeGreaterThan(2 * leads.get('AI Assistant')!.conversions);
    expect(deals.get('AI Assistant')!.conversions).toBeGreaterThan(2 * deals.get('Paid Social')!.conversions);
  });

  test('at least twenty deals are won more than five months after the first visit of their person', () => {
    const late = truth.conversions.filter(({ stage, time, person }) => {
      const first = Math.min(...truth.sessions.filter((session) => session.person === person).map((session) => session.startedAt));
      return stage === 'closed_won' && person !== undefined && time - first > 153 * DAY;
    });
    expect(late.length).toBeGreaterThanOrEqual(20);
  });

  test('every conversion is counted once under every model', () => {
    for (const model of MODELS) {
      const total = [...conversionsByChannel(truth, 'lead', model).values()].reduce((sum, { conversions }) => sum + conversions, 0);
      expect(total).toBe(truth.conversions.filter(({ stage }) => stage === 'lead').length);
    }
  });
});
