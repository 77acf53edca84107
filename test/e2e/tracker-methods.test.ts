import { beforeEach, describe, expect, it } from 'vitest';
import { useShop, UUID } from './shop.ts';
import type { SentEvent } from './sent-event.ts';
import { isTrack, type PageWindow, untilNow } from './visitor.ts';

const shop = useShop();

beforeEach(() => shop.serve('/'));

const byOrder = (events: SentEvent[]) => events.toSorted((one, other) => one.sequence - other.sequence);
const isNoPage = ({ type }: SentEvent) => type !== 'page';

describe('calls', () => {
  it('become Segment messages, each with its own id and the order it happened in', async () => {
    await shop.visit();
    await shop.page.evaluate(() => {
      for (const name of ['A', 'B', 'C']) (window as unknown as PageWindow).touchtrail.track(name, { on: name });
    });
    const events = byOrder(await shop.site.events(4));
    expect(events.map(({ type, event }) => event ?? type)).toEqual(['page', 'A', 'B', 'C']);
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(events.map(({ properties }) => properties)).toEqual([{}, { on: 'A' }, { on: 'B' }, { on: 'C' }]);
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(4);
    for (const { messageId, timestamp } of events) {
      expect(messageId).toMatch(UUID);
      expect(new Date(timestamp).toISOString()).toBe(timestamp);
    }
  });

  it('take all of their short forms, and send an event whose data has no JSON form without them', async () => {
    await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.page('Docs', 'Start', { depth: 1 });
      touchtrail.page('Start', { depth: 2 });
      touchtrail.page({ depth: 3 });
      touchtrail.identify({ plan: 'team' });
      touchtrail.identify(7, null, null);
      const endless: Record<string, unknown> = {};
      endless['self'] = endless;
      touchtrail.track('Endless', endless);
      touchtrail.track('Big', { big: 7n });
      touchtrail.track('Bare');
    });
    const [, named, short, unnamed, traits, user, cyclic, big, bare] = byOrder(await shop.site.events(9)) as [SentEvent, ...SentEvent[]];
    expect(named).toMatchObject({ type: 'page', category: 'Docs', name: 'Start', properties: { depth: 1 } });
    expect(short).toMatchObject({ type: 'page', name: 'Start', properties: { depth: 2 } });
    expect(short).not.toHaveProperty('category');
    expect(unnamed).toMatchObject({ type: 'page', properties: { depth: 3 } });
    expect(unnamed).not.toHaveProperty('name');
    expect(traits).toMatchObject({ type: 'identify', traits: { plan: 'team' }, userId: null });
    expect(user).toMatchObject({ type: 'identify', userId: '7' });
    expect(cyclic).toMatchObject({ event: 'Endless', userId: '7' });
    for (const event of [cyclic, big]) expect(event).not.toHaveProperty('properties');
    expect(bare).toMatchObject({ event: 'Bare', properties: {} });
  });

  it('pass on what their options say: integrations, a time, additions to the context', async () => {
    await shop.visit();
    await shop.page.evaluate(() => {
      (window as unknown as PageWindow).touchtrail.track(
        'Imported',
        { n: 1 },
        {
          integrations: { All: false, 'Google Analytics': { clientId: '1.2' } },
          timestamp: '2026-01-02T03:04:05.678Z',
          context: { consent: 'granted', campaign: { source: 'given' } },
        },
      );
    });
    const [imported] = await shop.site.events(1, isTrack('Imported'));
    expect(imported).toMatchObject({
      properties: { n: 1 },
      integrations: { All: false, 'Google Analytics': { clientId: '1.2' } },
      timestamp: '2026-01-02T03:04:05.678Z',
      context: { consent: 'granted', campaign: { source: 'given' }, page: { url: `${shop.site.url}/` } },
    });
    expect(imported!.context).not.toHaveProperty('integrations');
  });

  it('call back, whatever stands in front of the callback', async () => {
    await shop.visit();
    const called = await shop.page.evaluate(async () => {
      const { touchtrail } = window as unknown as PageWindow;
      const names: string[] = [];
      await Promise.all(
        (
          [
            ['track', 'A'],
            ['track', 'B', { b: 1 }],
            ['track', 'C', {}, {}],
            ['page', 'Named'],
            ['identify', 'u-1'],
            ['group', 'g-1', {}],
            ['alias', 'u-2'],
            ['screen', 'S'],
            ['screen', 'S', 'T', { s: 1 }, {}],
          ] as const
        ).map(
          ([name, ...args]) =>
            new Promise<void>((resolve) => {
              touchtrail[name](...args, () => {
                names.push(name);
                resolve();
              });
            }),
        ),
      );
      return names.toSorted();
    });
    expect(called).toEqual(['alias', 'group', 'identify', 'page', 'screen', 'screen', 'track', 'track', 'track']);
    expect((await untilNow(shop.site, shop.page)).filter(isNoPage)).toHaveLength(8);
  });
});

describe('users', () => {
  it('are remembered from page to page, and known to the page', async () => {
    await shop.visit();
    const user = await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      const before = touchtrail.user().id();
      touchtrail.identify('user-1', { plan: 'team', seats: 1 });
      touchtrail.identify({ seats: 2 });
      touchtrail.track('Known');
      return { before, id: touchtrail.user().id(), anonymousId: touchtrail.user().anonymousId(), traits: touchtrail.user().traits() };
    });
    const { value } = (await shop.cookie())!;
    expect(user).toEqual({ before: undefined, id: 'user-1', anonymousId: value, traits: { plan: 'team', seats: 2 } });
    const [first, second, known] = byOrder(await shop.site.events(3, isNoPage)) as [SentEvent, SentEvent, SentEvent];
    expect(first).toMatchObject({ type: 'identify', userId: 'user-1', traits: { plan: 'team', seats: 1 }, anonymousId: value });
    expect(second).toMatchObject({ type: 'identify', userId: 'user-1', traits: { seats: 2 }, anonymousId: value });
    expect(known.userId).toBe('user-1');
    expect((await shop.visit()).userId).toBe('user-1');
  });

  it('that are others than before begin another anonymous id, in forms as well', async () => {
    shop.serve('/', '<form><input name="x"></form>');
    const { anonymousId } = await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.identify('user-1', { plan: 'team' });
      touchtrail.identify('user-1');
      touchtrail.track('One');
      touchtrail.identify('user-2', { seats: 2 });
      touchtrail.track('Two');
    });
    expect(await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.user().traits())).toEqual({ seats: 2 });
    const filled = await shop.page.inputValue('[name=anonymous_id]');
    const [one] = await shop.site.events(1, isTrack('One'));
    const [two] = await shop.site.events(1, isTrack('Two'));
    expect(one).toMatchObject({ userId: 'user-1', anonymousId });
    expect(two!.userId).toBe('user-2');
    expect(two!.anonymousId).toMatch(UUID);
    expect(two!.anonymousId).not.toBe(anonymousId);
    const identified = byOrder(await shop.site.events(3, ({ type }) => type === 'identify'));
    expect(identified.map((event) => event.anonymousId)).toEqual([anonymousId, anonymousId, two!.anonymousId]);
    expect((await shop.cookie())!.value).toBe(two!.anonymousId);
    expect(filled).toBe(two!.anonymousId);
    // On another page, too, the one before is known.
    await shop.visit();
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.identify('user-3'));
    const last = (await shop.site.events(4, ({ type }) => type === 'identify')).at(-1)!;
    expect(last.anonymousId).not.toBe(two!.anonymousId);
  });

  it('belong to groups and have other names, by themselves or as said', async () => {
    const { anonymousId } = await shop.visit();
    await shop.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const { touchtrail } = window as unknown as PageWindow;
          touchtrail.group('g-1', { name: 'Engine' }, { integrations: { All: false } });
          touchtrail.alias('user-1');
          touchtrail.alias('user-2', 'cookie-7');
          touchtrail.alias('user-3', 'cookie-8', { integrations: { All: false } }, resolve);
        }),
    );
    const [group, first, second, third] = byOrder(await shop.site.events(4, isNoPage)) as [SentEvent, ...SentEvent[]];
    expect(group).toMatchObject({ type: 'group', groupId: 'g-1', traits: { name: 'Engine' }, integrations: { All: false } });
    expect(first).toMatchObject({ type: 'alias', userId: 'user-1', previousId: anonymousId });
    expect(second).toMatchObject({ type: 'alias', userId: 'user-2', previousId: 'cookie-7' });
    expect(third).toMatchObject({ type: 'alias', userId: 'user-3', previousId: 'cookie-8', integrations: { All: false } });
    for (const event of [first, second, third]) expect(event).not.toHaveProperty('event');
  });

  it('look at screens', async () => {
    await shop.visit();
    await shop.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const { touchtrail } = window as unknown as PageWindow;
          touchtrail.screen('Settings', { tab: 'plan' });
          touchtrail.screen('Account', 'Settings', { tab: 'team' }, { integrations: { All: false } });
          touchtrail.screen({ tab: 'none' });
          touchtrail.screen('Last', resolve);
        }),
    );
    const screens = byOrder(await shop.site.events(4, ({ type }) => type === 'screen'));
    expect(screens.map(({ category, name, properties }) => [category, name, properties])).toEqual([
      [undefined, 'Settings', { tab: 'plan' }],
      ['Account', 'Settings', { tab: 'team' }],
      [undefined, undefined, { tab: 'none' }],
      [undefined, 'Last', {}],
    ]);
    for (const event of screens) expect(event).not.toHaveProperty('event');
  });
});

/** Its calls from before the script was there, each with the page at that time. */
const noted = (path: string, title: string) =>
  `{ __t: 'bpc', u: location.origin + '${path}', t: '${title}', r: 'http://search.example/', p: '${path}', s: '' }`;

describe("Segment's snippet", () => {
  it('says on which page a call was made, for every type of message', async () => {
    shop.site.files.set('/', {
      body: `<!doctype html><link rel="icon" href="data:,"><title>Now</title><script>
        called = [];
        analytics = [
          ['page', 'Home', ${noted('/home', 'Home')}],
          ['track', 'Early', { n: 1 }, {}, () => called.push('track'), ${noted('/early', 'Early')}],
          ['identify', 'u-1', ${noted('/login', 'Login')}],
          ['group', 'g-1', ${noted('/team', 'Team')}],
          ['alias', 'u-2', ${noted('/alias', 'Alias')}],
          ['screen', 'Tab', { s: 1 }, ${noted('/tab', 'Tab')}],
        ];
      </script><script async src="${shop.site.edge}/t/t.js" data-write-key="wk" data-global="analytics"></script>`,
    });
    await shop.page.goto(shop.site.url);
    const events = byOrder(await shop.site.events(6));
    expect(
      events.map(({ type, name, event, context: { page } }) => [
        type,
        name ?? event,
        page.url.slice(shop.site.url.length),
        page.title,
        page.referrer,
      ]),
    ).toEqual([
      ['page', 'Home', '/home', 'Home', 'http://search.example/'],
      ['track', 'Early', '/early', 'Early', 'http://search.example/'],
      ['identify', undefined, '/login', 'Login', 'http://search.example/'],
      ['group', undefined, '/team', 'Team', 'http://search.example/'],
      ['alias', undefined, '/alias', 'Alias', 'http://search.example/'],
      ['screen', 'Tab', '/tab', 'Tab', 'http://search.example/'],
    ]);
    expect(events[1]!.properties).toEqual({ n: 1 });
    expect(events[5]!.properties).toEqual({ s: 1 });
    await shop.page.waitForFunction(() => (window as unknown as { called: string[] }).called.length === 1);
  });
});
