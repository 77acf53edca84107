import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { EventRow } from '../contract/event-row.ts';
import { createIpHasher } from '../contract/ip.ts';
import { IncomingMessage } from '../contract/message.ts';
import { parseCidr } from '../contract/cidr.ts';
import { parseInstant } from './clock.ts';
import { enrich, senderOfEvent, senderOfRequest, type Surroundings } from './enrich.ts';
import { rowOf } from './testing/row-of.ts';

const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const receivedAt = parseInstant('2026-03-01T12:00:00.000Z')!;
const request = { ip: '203.0.113.7', userAgent: CHROME, country: 'DE', region: 'Berlin', city: 'Berlin', timezone: 'Europe/Berlin' };
const SECRET = 'a secret of some length';
const hmac = (ip: string) => createHmac('sha256', SECRET).update(ip).digest('hex');
const browser: Surroundings = {
  key: { id: 'wk_1', kind: 'browser', verified: true },
  channel: 'live',
  receivedAt,
  sentAt: undefined,
  request,
  ipHasher: createIpHasher('k1', SECRET),
};
const server: Surroundings = { ...browser, key: { id: 'wk_2', kind: 'server', verified: true } };

async function row(raw: Record<string, unknown>, surroundings: Surroundings, ip: string | null = null) {
  const message = IncomingMessage.parse({ type: 'track', event: 'Signed Up', anonymousId: 'a-1', ...raw });
  const before = { ip, userIdWasEmail: false };
  const sender = (await senderOfRequest(surroundings)) ?? (await senderOfEvent(message, before, surroundings));
  return rowOf(enrich(message, 'm-1', before, surroundings, sender));
}

test('every column of the stored row is filled as its schema wants it', async () => {
  const made = await row({ context: { page: { url: 'https://x.example/?gclid=G' }, ip: '1.2.3.4' }, traits: { plan: 'pro' } }, browser);
  expect(Object.keys(made).sort()).toEqual(
    Object.keys(EventRow.shape)
      .filter((name) => !name.startsWith('edge_'))
      .sort(),
  );
  expect(EventRow.parse({ ...made, edge_instance: 'i', edge_sequence: 1 })).toBeDefined();
});

test("the traits of an identify call may stand in the context alone; those of other calls are the user's, not the call's", async () => {
  const context = { traits: { plan: 'team' } };
  expect((await row({ type: 'identify', context }, browser)).traits).toBe('{"plan":"team"}');
  expect((await row({ type: 'identify', context, traits: { plan: 'pro' } }, browser)).traits).toBe('{"plan":"pro"}');
  expect((await row({ type: 'track', context }, browser)).traits).toBeNull();
});

describe('who and where', () => {
  const context = { userAgent: 'curl/8', location: { country: 'FR', city: 'Lyon' }, timezone: 'Europe/Paris' };

  test("of a browser's event are the connection's, whatever it claims", async () => {
    expect(await row({ context }, browser, '198.51.100.9')).toMatchObject({
      ip_hash: hmac('203.0.113.7'),
      ip_key_id: 'k1',
      country: 'DE',
      region: 'Berlin',
      city: 'Berlin',
      timezone: 'Europe/Berlin',
      user_agent: CHROME,
      browser: 'Chrome',
      os: 'Windows',
      device_type: 'desktop',
      is_bot: false,
    });
  });

  test("of a server's event are its own, never the connection's", async () => {
    expect(await row({ context }, server, '198.51.100.9')).toMatchObject({
      ip_hash: hmac('198.51.100.9'),
      ip_key_id: 'k1',
      country: 'FR',
      region: null,
      city: 'Lyon',
      timezone: 'Europe/Paris',
      user_agent: 'curl/8',
    });
    expect(await row({}, server)).toMatchObject({
      ip_hash: null,
      ip_key_id: null,
      country: null,
      timezone: null,
      user_agent: null,
      is_bot: false,
    });
  });

  test('a browser behind a server, a VPN or a relay has the place but no address; what a server says of its visitor stays', async () => {
    const hosted = (surroundings: typeof browser) => ({ ...surroundings, request: { ...surroundings.request, isHosting: true } });
    expect(await row({}, hosted(browser))).toMatchObject({ ip_hash: null, ip_key_id: null, country: 'DE' });
    expect(await row({ context }, hosted(server), '198.51.100.9')).toMatchObject({ ip_hash: hmac('198.51.100.9') });
  });

  test('a pixel gives no address', async () => {
    expect(await row({}, { ...browser, channel: 'pixel' })).toMatchObject({
      ip_hash: null,
      ip_key_id: null,
      library: 'pixel',
      country: 'DE',
    });
  });

  test("of an event whose key could not be looked up are nobody's: it may be a server's", async () => {
    const unverified = { ...browser, key: { ...browser.key, verified: false }, internalRanges: [parseCidr('203.0.113.0/24')!] };
    const claims = { ...context, ip: '198.51.100.9' };
    expect(await row({ context: claims }, unverified, '198.51.100.9')).toMatchObject({
      ip_hash: null,
      ip_key_id: null,
      country: null,
      region: null,
      city: null,
      timezone: 'Europe/Paris',
      is_internal: false,
    });
  });

  test("page and campaign of a server's event are its own", async () => {
    const page = { url: 'https://x.example/?utm_source=a', referrer: 'https://r.example/', title: 'T' };
    expect(await row({ context: { page, campaign: { source: 'b', medium: 'c' } } }, server)).toMatchObject({
      page_url: 'https://x.example/?utm_source=a',
      page_path: '/',
      page_title: 'T',
      referrer: 'https://r.example/',
      utm_source: 'b',
      utm_medium: 'c',
    });
  });

  test('without a key for hashing nothing of an address is kept', async () => {
    expect(await row({}, { ...browser, ipHasher: undefined })).toMatchObject({ ip_hash: null, ip_key_id: null });
  });
});

describe('traffic of the company itself', () => {
  const internalRanges = [parseCidr('203.0.113.0/24')!, parseCidr('2001:db8::/32')!];

  test("is known by the connection's address, whatever the event claims, and not by that of a server", async () => {
    expect(await row({}, { ...browser, internalRanges }, '198.51.100.9')).toMatchObject({
      is_internal: true,
      ip_hash: hmac('203.0.113.7'),
    });
    expect((await row({}, { ...server, internalRanges }, '198.51.100.9')).is_internal).toBe(false);
    expect((await row({}, { ...server, internalRanges })).is_internal).toBe(false);
    expect((await row({}, { ...server, internalRanges }, '2001:db8::5')).is_internal).toBe(true);
    const outside = { ...browser, internalRanges, request: { ...request, ip: '198.51.100.1' } };
    expect((await row({ context: { ip: '203.0.113.7' } }, outside, '203.0.113.7')).is_internal).toBe(false);
  });

  test('is known by the address also where that is not hashed', async () => {
    expect(await row({}, { ...browser, internalRanges, ipHasher: undefined })).toMatchObject({ is_internal: true, ip_hash: null });
    expect(await row({}, { ...browser, internalRanges, channel: 'pixel' })).toMatchObject({ is_internal: true, ip_hash: null });
  });

  test('is known by the cookie', async () => {
    expect((await row({}, { ...browser, cookies: 'a=b; touchtrail_internal=1' })).is_internal).toBe(true);
    expect((await row({}, { ...browser, cookies: 'a=b' })).is_internal).toBe(false);
  });
});

describe('hostile values', () => {
  test.each([
    ['the year 9999', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['the far past', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['the far past, sent today', '0001-01-01T00:00:00Z', '2026-03-01T12:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['the year 9999, sent today', '9999-12-31T23:59:59.999Z', '2026-03-01T12:00:00Z', '9999-12-31T23:59:59.999Z'],
    ['a number beyond all numbers, as JSON has it', JSON.parse('1e999'), JSON.parse('1e999'), null],
    ['no number', Number.NaN, 0, null],
    ['half a character', '\ud800', '\udc00', null],
  ])('%s as a time: the arrival counts, and what can be stored of the time is kept', async (_, timestamp, sent, original) => {
    const sentAt = parseInstant(sent);
    expect(await row({ timestamp }, { ...browser, sentAt })).toMatchObject({
      occurred_at: '2026-03-01T12:00:00.000Z',
      original_timestamp: original,
    });
  });

  test('a time before all times is not made by a wait', async () => {
    const first = { ...browser, receivedAt: parseInstant('0001-01-01T00:00:10Z')!, sentAt: parseInstant('2026-03-01T12:00:00Z') };
    expect((await row({ timestamp: '2026-03-01T11:00:00Z' }, first)).occurred_at).toBe('0001-01-01T00:00:10.000Z');
  });

  test('members of the prototype are members like any other, and change nothing', async () => {
    const raw = JSON.parse(
      '{"context":{"__proto__":{"internal":true,"ip":"203.0.113.7","page":{"url":"https://evil.example/"}},"constructor":{"prototype":{"internal":true}}},"properties":{"__proto__":{"engaged_seconds":5,"admin":true}}}',
    ) as Record<string, unknown>;
    const made = await row(raw, { ...server, internalRanges: [parseCidr('203.0.113.0/24')!] });
    expect(made).toMatchObject({ is_internal: false, page_url: null, engaged_seconds: null, ip_hash: null });
    expect(made.properties).toBe('{"__proto__":{"engaged_seconds":5,"admin":true}}');
    expect(({} as Record<string, unknown>)['internal']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test.each([
    [{ properties: { engaged_seconds: JSON.parse('1e999') as number } }, { engaged_seconds: null }],
    [{ properties: { engaged_seconds: Number.NaN } }, { engaged_seconds: null }],
    [{ context: { sequence: 2 ** 53 } }, { sequence: null }],
    [{ context: { sequence: 1.5 } }, { sequence: null }],
    [{ sequence: JSON.parse('1e999') as number }, { sequence: null }],
  ])('%j gives %j', async (raw, expected) => {
    expect(await row(raw, browser)).toMatchObject(expected);
  });
});

describe('when', () => {
  test('a live event is corrected for the clock, and its own times are kept', async () => {
    const sentAt = parseInstant('2026-03-02T12:00:00.000Z');
    expect(await row({ timestamp: '2026-03-02T11:59:00Z', sentAt: '2020-01-01' }, { ...browser, sentAt })).toMatchObject({
      occurred_at: '2026-03-01T11:59:00.000Z',
      received_at: '2026-03-01T12:00:00.000Z',
      sent_at: '2026-03-02T12:00:00.000Z',
      original_timestamp: '2026-03-02T11:59:00.000Z',
    });
  });

  test("the event's own sentAt serves where the request has none", async () => {
    const raw = { originalTimestamp: '2026-03-01T11:59:00Z', timestamp: '2001-01-01', sentAt: '2026-03-01T12:00:00Z' };
    expect(await row(raw, browser)).toMatchObject({ occurred_at: '2026-03-01T11:59:00.000Z', sent_at: '2026-03-01T12:00:00.000Z' });
  });

  test('an imported event happened when it says, and was not sent', async () => {
    const raw = { timestamp: '2025-11-01T10:00:00.123456Z', sentAt: '2025-11-01T10:00:09Z', receivedAt: '2025-11-01T10:00:10Z' };
    expect(await row(raw, { ...server, channel: 'import' })).toMatchObject({
      occurred_at: '2025-11-01T10:00:00.123456Z',
      received_at: '2026-03-01T12:00:00.000Z',
      sent_at: null,
      original_timestamp: '2025-11-01T10:00:00.123456Z',
    });
  });
});

describe('the free-form columns', () => {
  test('hold what has no column of its own', async () => {
    const made = await row(
      {
        properties: { plan: 'pro' },
        traits: {},
        integrations: { All: true },
        colour: 'red',
        writeKey: 'demo',
        context: {
          locale: 'de',
          ip: '1.2.3.4',
          userAgent: 'x',
          library: { name: 'analytics.js', version: '5' },
          timezone: 'UTC',
          consent: 'granted',
          page: { url: 'https://x.example/', keywords: ['a'] },
          campaign: { source: 's', name: 'n', expId: '7' },
          clickIds: { gclid: 'G' },
        },
      },
      browser,
    );
    expect(JSON.parse(made.context!)).toEqual({
      locale: 'de',
      consent: 'granted',
      page: { keywords: ['a'] },
      campaign: { expId: '7' },
      message: { colour: 'red' },
    });
    expect(made).toMatchObject({ properties: '{"plan":"pro"}', traits: null, integrations: '{"All":true}', library: 'analytics.js/5' });
  });

  test('are empty where nothing is left', async () => {
    expect(await row({ context: { timezone: 'UTC' } }, browser)).toMatchObject({ properties: null, context: null, integrations: null });
  });

  test("hold the depth of scrolling, and platforms' cookies, whose click may be an old one and is none of this visit", async () => {
    const context = { fbc: 'fb.1.1700000000000.IwAR0old', fbp: 'fb.1.1700000000000.42', clickIds: { li_fat_id: 'L-1' } };
    const made = await row({ properties: { engaged_seconds: 8, scroll_depth: 75 }, context }, browser);
    expect(made).toMatchObject({
      engaged_seconds: 8,
      properties: '{"engaged_seconds":8,"scroll_depth":75}',
      context: '{"fbc":"fb.1.1700000000000.IwAR0old","fbp":"fb.1.1700000000000.42"}',
      click_ids: [{ name: 'li_fat_id', value: 'L-1' }],
    });
  });

  test("hold a page's category among the properties", async () => {
    const made = await row({ type: 'page', event: null, name: 'Pricing', category: 'Docs' }, browser);
    expect(made).toMatchObject({ type: 'page', event: 'Pricing', properties: '{"category":"Docs"}' });
  });

  test('say of an unverified key that it is one', async () => {
    const made = await row({}, { ...browser, key: { ...browser.key, verified: false } });
    expect(made.context).toBe('{"write_key_unverified":true}');
  });
});

describe('single columns', () => {
  test.each([
    [{ sequence: 7 }, { sequence: 7 }],
    [{ context: { sequence: 8 } }, { sequence: 8 }],
    [{ context: { sequence: -1 } }, { sequence: null }],
    [{ context: { gaClientId: '12.34' } }, { ga_client_id: '12.34' }],
    [{ integrations: { 'Google Analytics': { clientId: '12.34' } } }, { ga_client_id: '12.34' }],
    [{ properties: { engaged_seconds: 12.5 } }, { engaged_seconds: 12.5 }],
    [{ properties: { engaged_seconds: -1 } }, { engaged_seconds: null }],
    [{ properties: { engaged_seconds: 86_401 } }, { engaged_seconds: null }],
    [{ context: { consent: 'granted' } }, { consent: 'granted' }],
    [{ context: { consent: 'denied' } }, { consent: 'denied' }],
    [{ context: { consent: { status: 'Granted' } } }, { consent: 'granted' }],
    [{ context: { consent: true } }, { consent: 'granted' }],
    [{ context: { consent: 'perhaps' } }, { consent: null }],
    [{ context: { consent: null } }, { consent: null }],
    [{ context: { internal: true } }, { is_internal: true }],
    [{ context: { groupId: 'g-1' } }, { group_id: 'g-1' }],
  ])('%j gives %j', async (raw, expected) => {
    expect(await row(raw, browser)).toMatchObject(expected);
  });
});
