import { beforeEach, describe, expect, it } from 'vitest';
import { isSubmit, useShop, UUID } from './shop.ts';
import { isTrack, type PageWindow } from './visitor.ts';

const ID = '5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10';
const OTHER_ID = '0f4e0d0c-41b5-4f0b-8f0d-5a8f5c1b2e33';

const shop = useShop();

beforeEach(() => shop.serve('/'));

const visitorId = () => shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.getAnonymousId());
const stored = () => shop.page.evaluate(() => JSON.parse(localStorage.getItem('touchtrail') ?? 'null') as { id?: string } | null);

/** Puts something into the browser's storage before any script of the page runs, once. */
async function store(key: string, value: string): Promise<void> {
  await shop.context.addInitScript(
    ([name, text]) => {
      if (!sessionStorage.getItem('prepared')) localStorage.setItem(name!, text!);
      sessionStorage.setItem('prepared', 'true');
    },
    [key, value],
  );
}

describe('the id', () => {
  it('comes back from localStorage when the cookie was deleted', async () => {
    const { anonymousId } = await shop.visit();
    await shop.context.clearCookies();
    expect((await shop.visit()).anonymousId).toBe(anonymousId);
    expect((await shop.cookie())!.value).toBe(anonymousId);
  });

  it('is kept in the state in localStorage, and comes from there', async () => {
    await store('touchtrail', JSON.stringify({ id: ID }));
    expect((await shop.visit()).anonymousId).toBe(ID);
    expect((await shop.cookie())!.value).toBe(ID);
    expect(await stored()).toMatchObject({ id: ID, domain: 'shop.example' });
  });

  it.each(['{"id":"nonsense"}', '{"id":null}', '{}', 'null', '7', 'broken{', ''])('is a new one where the state is %s', async (state) => {
    await store('touchtrail', state);
    const { anonymousId } = await shop.visit();
    expect(anonymousId).toMatch(UUID);
    expect(await stored()).toMatchObject({ id: anonymousId });
  });

  it('is the cookie where the state says otherwise', async () => {
    await store('touchtrail', JSON.stringify({ id: OTHER_ID }));
    await shop.context.addCookies([{ name: 'anonymous_id', value: ID, domain: '.shop.example', path: '/' }]);
    expect((await shop.visit()).anonymousId).toBe(ID);
  });

  it('works in memory, without an error, where cookies and storage are blocked', async () => {
    await shop.context.addInitScript(() => {
      const error = new DOMException('blocked', 'SecurityError');
      const blocked = () => {
        throw error;
      };
      Object.defineProperty(document, 'cookie', { get: blocked, set: blocked });
      for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: blocked });
    });
    shop.serve('/', '<form method="post" action="/crm"><input name="email" value="a@b.example"><button>Send</button></form>');
    const { anonymousId } = await shop.visit();
    expect(anonymousId).toMatch(UUID);
    expect((await shop.post()).get('anonymous_id')).toBe(anonymousId);
    const [submitted] = await shop.site.events(1, isSubmit);
    expect(submitted!.anonymousId).toBe(anonymousId);
  });

  it('is not made by asking for it', async () => {
    shop.serve('/', '', 'data-consent="pending"');
    await shop.page.goto(shop.site.url);
    await shop.page.waitForFunction(() => 'touchtrail' in window);
    expect(await visitorId()).toBeUndefined();
    expect(await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.user().anonymousId())).toBeUndefined();
    expect(await shop.context.cookies()).toEqual([]);
    expect(await shop.page.evaluate(() => localStorage.length)).toBe(0);
  });
});

describe('the id of Segment', () => {
  it.each([
    ['from its cookie', ID, undefined],
    ['from its cookie, in quotes', `%22${ID}%22`, undefined],
    ['from localStorage, in quotes', undefined, `"${ID}"`],
    ['from localStorage rather than from the cookie, as Segment reads them', OTHER_ID, `"${ID}"`],
  ])('is taken over %s', async (_, cookie, local) => {
    if (cookie) await shop.context.addCookies([{ name: 'ajs_anonymous_id', value: cookie, domain: '.shop.example', path: '/' }]);
    if (local) await store('ajs_anonymous_id', local);
    expect((await shop.visit()).anonymousId).toBe(ID);
    expect((await shop.cookie())!.value).toBe(ID);
  });

  it.each(['"user-7"', 'null', '{"id":1}', `"${ID}0"`])('is not taken over where it is %s', async (value) => {
    await store('ajs_anonymous_id', value);
    const { anonymousId } = await shop.visit();
    expect(anonymousId).toMatch(UUID);
    expect(anonymousId).not.toContain(ID);
  });

  it('is not taken over where there is one of ours', async () => {
    await store('ajs_anonymous_id', `"${OTHER_ID}"`);
    await shop.context.addCookies([{ name: 'anonymous_id', value: ID, domain: '.shop.example', path: '/' }]);
    expect((await shop.visit()).anonymousId).toBe(ID);
  });

  it('does not come back after reset()', async () => {
    await store('ajs_anonymous_id', `"${ID}"`);
    await shop.visit();
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.reset());
    expect(await visitorId()).toMatch(UUID);
    expect(await visitorId()).not.toBe(ID);
    expect((await shop.visit()).anonymousId).not.toBe(ID);
  });
});

describe('reset() and setAnonymousId()', () => {
  beforeEach(() => shop.serve('/', '<form><input name="x"></form>'));

  it('renews the id, together with the filled fields and the user', async () => {
    const first = await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.identify('user-1', { plan: 'team' });
      touchtrail.track('Before');
      touchtrail.reset();
      touchtrail.track('After');
    });
    const [before] = await shop.site.events(1, isTrack('Before'));
    const [after] = await shop.site.events(1, isTrack('After'));
    expect([before!.userId, after!.userId]).toEqual(['user-1', null]);
    expect(before!.anonymousId).toBe(first.anonymousId);
    expect(after!.anonymousId).toMatch(UUID);
    expect(after!.anonymousId).not.toBe(first.anonymousId);
    expect((await shop.cookie())!.value).toBe(after!.anonymousId);
    expect(await shop.page.inputValue('[name=anonymous_id]')).toBe(after!.anonymousId);
    expect(await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.user().traits())).toEqual({});
    expect(await shop.visit()).toMatchObject({ anonymousId: after!.anonymousId, userId: null });
  });

  it('continues as the visitor with the given id, a UUID', async () => {
    await shop.visit();
    await shop.page.evaluate((id) => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.setAnonymousId(id);
      touchtrail.track('After');
    }, ID);
    expect((await shop.site.events(1, isTrack('After')))[0]!.anonymousId).toBe(ID);
    expect((await shop.cookie())!.value).toBe(ID);
    expect(await shop.page.inputValue('[name=anonymous_id]')).toBe(ID);
    expect((await shop.visit()).anonymousId).toBe(ID);
  });

  it.each(['ada@engine.example', 'x'.repeat(5_000), `${ID};Domain=evil.example`, ''])(
    'makes a new id of what is none: %.40s',
    async (id) => {
      const first = await shop.visit();
      await shop.page.evaluate((given) => {
        const { touchtrail } = window as unknown as PageWindow;
        touchtrail.setAnonymousId(given);
        touchtrail.track('After');
      }, id);
      const [after] = await shop.site.events(1, isTrack('After'));
      expect(after!.anonymousId).toMatch(UUID);
      expect(after!.anonymousId).not.toBe(first.anonymousId);
      expect((await shop.cookie())!.value).toBe(after!.anonymousId);
    },
  );

  it('of one tab is that of the others, too', async () => {
    await shop.visit();
    const other = await shop.context.newPage();
    await other.goto(shop.site.url);
    await other.waitForFunction(() => 'touchtrail' in window);
    await shop.page.evaluate((id) => (window as unknown as PageWindow).touchtrail.setAnonymousId(id), ID);
    await other.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Elsewhere'));
    expect((await shop.site.events(1, isTrack('Elsewhere')))[0]!.anonymousId).toBe(ID);
  });
});
