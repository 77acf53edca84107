import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { events } from '../events/events.ts';
import { type EventInput, type World, openWorld, page } from '../../testing/world.ts';
import { sessions } from './sessions.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const SITE = 'https://www.fernhill.example';
const view = (at: string, path = '/', who = 'a'): EventInput => ({ who, at, ...page(`${SITE}${path}`) });

/** Sessions as `start–end events`, in order. */
async function spans(...inputs: readonly EventInput[]): Promise<string[]> {
  await world.events(...inputs);
  await world.run(events, sessions);
  const rows = await world.rows(
    "select anonymous_id, strftime(started_at, '%d %H:%M:%S') as started, strftime(ended_at, '%d %H:%M:%S') as ended, \"events\" from sessions order by anonymous_id, started_at, session_id",
  );
  return rows.map(
    (row) => `${row['anonymous_id'] as string}: ${row['started'] as string} – ${row['ended'] as string}, ${row['events'] as number}`,
  );
}

describe('where a session ends', () => {
  test('a pause of exactly the time-out keeps it, a microsecond more ends it', async () => {
    expect(await spans(view('10:00'), view('10:30'), view('2026-03-02T11:00:00.000001Z'))).toEqual([
      'a: 02 10:00:00 – 02 10:30:00, 2',
      'a: 02 11:00:00 – 02 11:00:00, 1',
    ]);
  });

  test('midnight does not split it, neither in UTC nor in the project time zone', async () => {
    expect(await spans(view('22:50'), view('23:10'), view('23:39'), view('2026-03-03 00:05'))).toEqual(['a: 02 22:50:00 – 03 00:05:00, 4']);
    expect(await world.rows('select start_date from sessions')).toEqual([{ start_date: '2026-03-02' }]);
  });

  test('the start date is the date in the project time zone, also in the night when clocks change', async () => {
    await spans(
      view('2026-03-28 22:59'),
      view('2026-03-28 23:00', '/', 'b'),
      view('2026-03-29 21:59', '/', 'c'),
      view('2026-03-29 22:00', '/', 'd'),
    );
    expect(await world.rows('select anonymous_id, start_date from sessions order by anonymous_id')).toEqual([
      { anonymous_id: 'a', start_date: '2026-03-28' },
      { anonymous_id: 'b', start_date: '2026-03-29' },
      { anonymous_id: 'c', start_date: '2026-03-29' },
      { anonymous_id: 'd', start_date: '2026-03-30' },
    ]);
  });

  test('a new campaign starts another one at once; the same campaign on further events does not', async () => {
    const ad = (at: string, campaign: string) => view(at, `/?utm_source=google&utm_medium=cpc&utm_campaign=${campaign}`);
    expect(
      await spans(ad('10:00', 'x'), view('10:01', '/pricing'), ad('10:02', 'x'), ad('10:03', 'y'), view('10:04'), ad('10:05', 'x')),
    ).toEqual(['a: 02 10:00:00 – 02 10:02:00, 3', 'a: 02 10:03:00 – 02 10:04:00, 2', 'a: 02 10:05:00 – 02 10:05:00, 1']);
  });

  test('a new click id starts another one, also with the same campaign', async () => {
    expect(await spans(view('10:00', '/?gclid=A'), view('10:01', '/?gclid=A'), view('10:02', '/?gclid=B'))).toEqual([
      'a: 02 10:00:00 – 02 10:01:00, 2',
      'a: 02 10:02:00 – 02 10:02:00, 1',
    ]);
  });

  test('a campaign in a session that began without one starts another', async () => {
    expect(await spans(view('10:00'), view('10:05', '/?utm_source=crew-letter&utm_medium=email'))).toEqual([
      'a: 02 10:00:00 – 02 10:00:00, 1',
      'a: 02 10:05:00 – 02 10:05:00, 1',
    ]);
  });

  test('the campaign before a pause is forgotten: the same one starts a session in a direct visit after it', async () => {
    expect(await spans(view('10:00', '/?gclid=A'), view('11:00'), view('11:01', '/?gclid=A'))).toEqual([
      'a: 02 10:00:00 – 02 10:00:00, 1',
      'a: 02 11:00:00 – 02 11:00:00, 1',
      'a: 02 11:01:00 – 02 11:01:00, 1',
    ]);
  });

  test('the click id alone on later events of the same visit is not a new one', async () => {
    expect(await spans(view('10:00', '/?utm_source=google&utm_medium=cpc&gclid=A'), view('10:01', '/?gclid=A'))).toEqual([
      'a: 02 10:00:00 – 02 10:01:00, 2',
    ]);
  });

  test('a longer stretch is cut each 24 hours after its start', async () => {
    const stretch = Array.from({ length: 101 }, (_, i) => view(new Date(Date.UTC(2026, 2, 2, 0, i * 29)).toISOString()));
    expect(await spans(...stretch)).toEqual([
      'a: 02 00:00:00 – 02 23:41:00, 50',
      'a: 03 00:10:00 – 03 23:51:00, 50',
      'a: 04 00:20:00 – 04 00:20:00, 1',
    ]);
  });

  test('an event exactly 24 hours after the start is in the next session', async () => {
    const stretch = Array.from({ length: 49 }, (_, i) => view(new Date(Date.UTC(2026, 2, 2, 0, i * 30)).toISOString()));
    expect(await spans(...stretch)).toEqual(['a: 02 00:00:00 – 02 23:30:00, 48', 'a: 03 00:00:00 – 03 00:00:00, 1']);
  });

  test('time-out and longest duration follow the config', async () => {
    await world.close();
    world = await openWorld({ sessions: { timeoutMinutes: 60, maximumHours: 1 } });
    expect(await spans(view('10:00'), view('10:45'), view('11:00'), view('12:01'))).toEqual([
      'a: 02 10:00:00 – 02 10:45:00, 2',
      'a: 02 11:00:00 – 02 11:00:00, 1',
      'a: 02 12:01:00 – 02 12:01:00, 1',
    ]);
  });
});

test('bots, internal traffic, events without anonymous_id and pixel events open no session', async () => {
  expect(
    await spans(
      { ...view('10:00', '/', 'bot'), is_bot: true },
      { ...view('10:00', '/', 'colleague'), is_internal: true },
      { ...view('10:00'), anonymous_id: null },
      { ...view('10:00', '/', 'mail'), library: 'pixel/0.1.0' },
      { ...view('10:00', '/', 'mail'), library: 'pixel' },
      { ...view('10:00', '/', 'unknown-client'), library: null },
      view('10:00', '/', 'pixelfan'),
    ),
  ).toEqual(['pixelfan: 02 10:00:00 – 02 10:00:00, 1', 'unknown-client: 02 10:00:00 – 02 10:00:00, 1']);
});

test('a session takes landing page, campaign, place and device from the first event that has them', async () => {
  await world.events(
    { who: 'a', at: '10:00:00', type: 'identify', message_id: 'first', sequence: 1, engaged_seconds: null },
    {
      ...view('10:00:01', '/pricing?utm_source=Google&utm_medium=CPC&utm_campaign=Brand&utm_term=crew&utm_content=v1&utm_id=7&gclid=Tc1'),
      referrer: 'https://www.google.com/',
      country: 'DE',
      region: 'Berlin',
      city: 'Berlin',
      device_type: 'mobile',
      browser: 'Safari',
      os: 'iOS',
      engaged_seconds: 1.5,
    },
    { ...view('10:02'), page_path: '/b', country: 'AT', device_type: 'desktop', engaged_seconds: 2.25 },
  );
  await world.run(events, sessions);
  const [first, second] = await world.rows('select * from sessions order by started_at');
  expect(first).toMatchObject({
    events: 1,
    page_views: 0,
    landing_url: null,
    source: 'direct',
    medium: 'none',
    channel: 'Direct',
    is_direct: true,
  });
  expect(second).toMatchObject({
    anonymous_id: 'a',
    started_at: '2026-03-02T10:00:01.000000Z',
    ended_at: '2026-03-02T10:02:00.000000Z',
    events: 2,
    page_views: 2,
    engaged_seconds: 3.75,
    landing_path: '/pricing',
    referrer: 'https://www.google.com/',
    utm_source: 'Google',
    utm_medium: 'CPC',
    click_ids: [{ name: 'gclid', value: 'Tc1' }],
    source: 'google',
    medium: 'cpc',
    campaign: 'Brand',
    term: 'crew',
    content: 'v1',
    utm_id: '7',
    channel: 'Paid Search',
    ad_platform: 'google_ads',
    is_direct: false,
    country: 'DE',
    region: 'Berlin',
    city: 'Berlin',
    device_type: 'mobile',
    browser: 'Safari',
    os: 'iOS',
  });
});

test('the session id is the hash of the visitor and the first event, with their lengths', async () => {
  await world.events({ ...view('10:00'), message_id: 'm-1' });
  await world.run(events, sessions);
  const expected = createHash('sha256').update('1:a3:m-1wk_1').digest('hex');
  expect(await world.rows('select session_id from sessions')).toEqual([{ session_id: expected }]);
});

test('events of one instant are ordered by the counter of the client, then by message id', async () => {
  await world.events(
    { ...view('10:00', '/?gclid=B'), message_id: 'a', sequence: 3 },
    { ...view('10:00', '/third'), message_id: 'z', sequence: 2 },
    { ...view('10:00', '/second'), message_id: 'y', sequence: 2 },
    { ...view('10:00', '/first'), message_id: 'x', sequence: 1 },
  );
  await world.run(events, sessions);
  expect(await world.rows('select landing_path, "events" from sessions order by "events" desc')).toEqual([
    { landing_path: '/first', events: 3 },
    { landing_path: '/', events: 1 },
  ]);
});

test('any order of arrival gives the same sessions, and a second run changes nothing', async () => {
  const inputs = Array.from({ length: 40 }, (_, i) => ({
    ...view(
      `2026-03-0${1 + (i % 5)} ${String(8 + (i % 9)).padStart(2, '0')}:${String((i * 7) % 60).padStart(2, '0')}`,
      i % 4 === 0 ? `/?gclid=${i % 8}` : '/',
      i % 3 === 0 ? 'a' : 'b',
    ),
    message_id: `m${i}`,
    sequence: i,
  }));
  await world.events(...inputs);
  await world.run(events, sessions);
  const table = 'select * from sessions order by session_id';
  const expected = await world.rows(table);
  expect(expected.length).toBeGreaterThan(5);
  expect((await world.run(sessions))[0]!.changes).toEqual({ sessions: { inserted: 0, updated: 0, deleted: 0 } });

  await world.close();
  world = await openWorld();
  for (const input of inputs.toReversed()) {
    await world.events(input);
    if (input.sequence % 10 === 0) await world.run(events, sessions);
  }
  await world.run(events, sessions);
  expect(await world.rows(table)).toEqual(expected);
});

test('a visitor cannot name what reports have a meaning for', async () => {
  await world.events(
    view(
      '10:00',
      '/?utm_source=(not%20attributed)&utm_medium=(Not%20Attributed)&utm_campaign=(not%20attributed)&utm_term=(not%20attributed)',
    ),
  );
  await world.run(events, sessions);
  expect(await world.rows('select source, medium, campaign, term from sessions')).toEqual([
    { source: '(not set)', medium: '(not set)', campaign: '(not set)', term: '(not set)' },
  ]);
});

const cost = (platform: string, source: string, medium: string) => ({ csv: `${platform}.csv`, platform, source, medium });

test('without a click id the ad platform is the one whose clicks arrive so, where it is only one', async () => {
  await world.close();
  world = await openWorld({
    costs: [cost('google_ads', 'Google', 'cpc'), cost('meta_ads', 'meta', 'paid'), cost('instagram_ads', 'meta', 'paid')],
  });
  await world.events(
    view('10:00', '/?utm_source=google&utm_medium=cpc', 'one'),
    view('10:00', '/?utm_source=meta&utm_medium=paid', 'two'),
    view('10:00', '/?utm_source=google&utm_medium=cpc&msclkid=1', 'other'),
    view('10:00', '/?utm_source=google&utm_medium=organic', 'free'),
  );
  await world.run(events, sessions);
  expect(await world.rows('select anonymous_id, ad_platform from sessions order by anonymous_id')).toEqual([
    { anonymous_id: 'free', ad_platform: null },
    { anonymous_id: 'one', ad_platform: 'google_ads' },
    { anonymous_id: 'other', ad_platform: 'microsoft_ads' },
    { anonymous_id: 'two', ad_platform: null },
  ]);
});
