import { expect, it } from 'vitest';
import { useShop } from './shop.ts';
import type { SentEvent } from './sent-event.ts';
import { isPage, isTrack, type PageWindow } from './visitor.ts';

const shop = useShop();

const pathOf = ({ context }: SentEvent) => new URL(context.page.url).pathname;

it('sends Segment batches as text with the write key', async () => {
  shop.serve('/');
  await shop.visit();
  await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Next'));
  await shop.site.events(2);
  for (const { method, contentType, writeKey, sentAt } of shop.site.deliveries) {
    expect({ method, contentType, writeKey }).toEqual({ method: 'POST', contentType: 'text/plain;charset=UTF-8', writeKey: 'wk' });
    expect(new Date(sentAt).toISOString()).toBe(sentAt);
  }
});

it('loses no event of pages that are left at once', async () => {
  shop.serve('/', '<a href="/2">2</a>');
  shop.serve('/2', '<a href="/3">3</a>');
  shop.serve('/3');
  await shop.context.addInitScript(() => {
    // Leaves as soon as the tracker has started, as fast as a page can.
    addEventListener('DOMContentLoaded', () => {
      const timer = setInterval(() => {
        const { touchtrail } = window as unknown as Partial<PageWindow>;
        if (!touchtrail) return;
        clearInterval(timer);
        touchtrail.track('Left', { path: location.pathname });
        document.querySelector('a')?.click();
      }, 1);
    });
  });
  await shop.page.goto(shop.site.url);
  await shop.page.waitForURL('**/3');
  const events = await shop.site.events(6);
  expect(events.filter(isPage).map(pathOf).toSorted()).toEqual(['/', '/2', '/3']);
  expect(
    events
      .filter(isTrack('Left'))
      .map(({ properties }) => String(properties!['path']))
      .toSorted(),
  ).toEqual(['/', '/2', '/3']);
});

it('loses no event of a tab that is closed', async () => {
  shop.serve('/');
  await shop.visit();
  await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Last'));
  await shop.page.close({ runBeforeUnload: true });
  await shop.site.events(1, isTrack('Last'));
});

it('tries again after 503 and after a lost connection, the same message with a new time of sending', async () => {
  shop.serve('/');
  shop.site.answers.push({ status: 503, retryAfter: '1' }, 'lost', { status: 429 });
  await shop.page.goto(shop.site.url);
  const [first] = await shop.site.events(1);
  const tries = shop.site.deliveries.map(({ status, batch, sentAt }) => ({ status, id: batch[0]!.messageId, sentAt }));
  const { messageId: id, timestamp } = first!;
  // What the lost connection carried is not among them.
  expect(tries.map(({ status, id: sent }) => ({ status, id: sent }))).toEqual([503, 429, 200].map((status) => ({ status, id })));
  expect(new Set(tries.map(({ sentAt }) => sentAt)).size).toBe(3);
  expect(shop.site.deliveries.map(({ batch }) => batch[0]!.timestamp)).toEqual(Array.from({ length: 3 }, () => timestamp));
});

it('does not repeat what the edge refuses for good', async () => {
  shop.serve('/');
  shop.site.answers.push({ status: 401 });
  await shop.page.goto(shop.site.url);
  await shop.page.waitForFunction(() => 'touchtrail' in window);
  await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Next'));
  await shop.site.events(1, isTrack('Next'));
  expect(shop.site.deliveries.flatMap(({ batch }) => batch).filter(isPage)).toHaveLength(1);
});

it('keeps what could not be sent for the next page', async () => {
  shop.serve('/', '<a href="/next">next</a>');
  shop.serve('/next');
  shop.site.answers.push({ status: 503, retryAfter: '300' });
  const refused = shop.page.waitForResponse((response) => response.status() === 503);
  await shop.page.goto(shop.site.url);
  await refused;
  await shop.page.click('a');
  expect((await shop.site.events(2, isPage)).map(pathOf).toSorted()).toEqual(['/', '/next']);
  await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Marker'));
  await shop.site.events(1, isTrack('Marker'));
  await shop.page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith('touchtrail_queue_')));
});

it('splits what exceeds one keepalive request, and sends an oversized event by itself', async () => {
  await shop.context.addInitScript(() => {
    const real = window.fetch;
    Object.assign(window, { refused: 0 });
    window.fetch = (...args) =>
      real(...args).catch((error: unknown) => {
        (window as unknown as { refused: number }).refused++;
        throw error;
      });
  });
  shop.serve('/');
  await shop.visit();
  await shop.page.evaluate(() => {
    const { touchtrail } = window as unknown as PageWindow;
    touchtrail.track('Huge', { text: 'ü'.repeat(100_000) });
    for (let i = 0; i < 30; i++) touchtrail.track('Large', { text: '語'.repeat(5_000) });
  });
  await shop.site.events(31, (event) => event.type === 'track');
  const sizes = shop.site.deliveries.filter(({ batch }) => batch[0]!.event === 'Large').map(({ body }) => Buffer.byteLength(body));
  expect(Math.max(...sizes)).toBeLessThan(64 * 1024);
  // The browser refuses a request while the one before still counts against its quota.
  expect(await shop.page.evaluate(() => (window as unknown as { refused: number }).refused)).toBe(0);
});
