import { beforeEach, describe, expect, it } from 'vitest';
import { extended, isSubmit, useShop } from './shop.ts';
import { isTrack, type PageWindow, poll, untilNow } from './visitor.ts';

const shop = useShop();

/** The methods of this file are brought when they are first called: what is called behind them waits for them. */
const settled = () => extended(shop.page);

/** Has the form of the page tracked. */
const trackForm = () =>
  shop.page.evaluate(() => {
    (window as unknown as PageWindow).touchtrail.trackForm(document.querySelector('form'), 'Lead Sent', (form) => ({ form: form.id }));
  });

/** What the tracker writes to the console from now on. */
const logged = () => {
  const lines: unknown[] = [];
  shop.page.on('console', (message) => {
    if (message.text().startsWith('touchtrail'))
      void Promise.all(message.args().map((arg) => arg.jsonValue() as Promise<unknown>)).then((values) => lines.push(values));
  });
  return lines;
};

describe('on, once and off', () => {
  beforeEach(() => shop.serve('/'));

  it('tell of each call with its arguments, of the next only, and no longer', async () => {
    await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      const heard: unknown[] = [];
      const listener = (...args: unknown[]) => heard.push(['on', ...args]);
      Object.assign(window, { heard, listener });
      touchtrail.on('track', listener);
      touchtrail.once('track', (...args) => heard.push(['once', ...args]));
      for (const name of ['page', 'identify', 'group', 'alias', 'screen', 'reset'])
        touchtrail.on(name, (...args) => heard.push([name, ...args]));
    });
    await settled();
    const heard = await shop.page.evaluate(() => {
      const { touchtrail, ...page } = window as unknown as PageWindow;
      const list = page['heard'] as unknown[];
      list.length = 0;
      touchtrail.track('One', { n: 1 }, { integrations: {} });
      touchtrail.track('Two');
      touchtrail.page('Named');
      touchtrail.identify('u-1', { plan: 'team' });
      touchtrail.group('g-1');
      touchtrail.alias('u-2');
      touchtrail.screen('S');
      touchtrail.reset();
      touchtrail.off('track', page['listener'] as () => void);
      touchtrail.track('Three');
      return list;
    });
    expect(heard).toEqual([
      ['on', 'One', { n: 1 }, { integrations: {} }],
      ['once', 'One', { n: 1 }, { integrations: {} }],
      ['on', 'Two'],
      ['page', 'Named'],
      ['identify', 'u-1', { plan: 'team' }],
      ['group', 'g-1'],
      ['alias', 'u-2'],
      ['screen', 'S'],
      ['reset'],
    ]);
    await shop.site.events(1, isTrack('Three'));
  });

  it('end all of a method, and let a listener that throws stop nothing', async () => {
    await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      const heard: string[] = [];
      Object.assign(window, { heard });
      touchtrail.on('track', () => {
        throw new Error('bad listener');
      });
      touchtrail.on('track', (event) => heard.push(String(event)));
    });
    await settled();
    const heard = await shop.page.evaluate(() => {
      const { touchtrail, ...page } = window as unknown as PageWindow;
      touchtrail.track('One');
      touchtrail.off('track');
      touchtrail.off('nothing');
      touchtrail.track('Two');
      return page['heard'];
    });
    expect(heard).toEqual(['One']);
    await shop.site.events(1, isTrack('One'));
    await shop.site.events(1, isTrack('Two'));
  });
});

describe('trackLink', () => {
  const LINKS = '<a id="a" href="/next">a</a> <a id="b" href="/next">b</a> <a id="c" href="/next">c</a> <a id="d" href="/next">d</a>';

  beforeEach(() => {
    shop.serve('/', LINKS);
    shop.serve('/next');
  });

  it('tracks the click that leaves the page, and stops or repeats nothing', async () => {
    await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.trackLink(document.querySelector('#a'), 'Link Followed', { place: 'top' });
      const seen: boolean[] = [];
      addEventListener('click', ({ defaultPrevented }) => {
        seen.push(defaultPrevented);
        sessionStorage.setItem('prevented', JSON.stringify(seen));
      });
    });
    await settled();
    await shop.page.click('#a');
    await shop.page.waitForURL('**/next');
    const [followed] = await shop.site.events(1, isTrack('Link Followed'));
    expect(followed).toMatchObject({ properties: { place: 'top' }, context: { page: { url: `${shop.site.url}/` } } });
    expect(await shop.page.evaluate(() => sessionStorage.getItem('prevented'))).toBe('[false]');
  });

  it('takes one element, any list of them, and none', async () => {
    await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      document.addEventListener('click', (event) => event.preventDefault());
      const [a, , c, d] = document.querySelectorAll('a');
      touchtrail.trackLink([a!], 'Array');
      touchtrail.trackLink(document.querySelectorAll('#b'), 'NodeList');
      // As jQuery has it.
      touchtrail.trackLink({ 0: c!, length: 1 }, 'Like an Array');
      touchtrail.trackLink(d, 'Element');
      touchtrail.trackLink(null, 'None');
      touchtrail.trackLink(undefined, 'None');
    });
    await settled();
    for (const id of ['#a', '#b', '#c', '#d']) await shop.page.click(id);
    const events = await untilNow(shop.site, shop.page);
    expect(events.filter(({ type }) => type === 'track').map(({ event }) => event)).toEqual([
      'Array',
      'NodeList',
      'Like an Array',
      'Element',
    ]);
  });

  it('asks functions for the name and the properties, of the element that was clicked; one that throws stops no click', async () => {
    await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.trackLink(
        document.querySelectorAll('#a,#b'),
        (link) => `Link ${link.id}`,
        (link) => ({ to: link.getAttribute('href') }),
      );
      touchtrail.trackLink(document.querySelector('#c'), () => {
        throw new Error('bad function');
      });
      document.querySelector('#b')!.addEventListener('click', (event) => event.preventDefault());
    });
    await settled();
    await shop.page.click('#b');
    expect((await shop.site.events(1, isTrack('Link b')))[0]!.properties).toEqual({ to: '/next' });
    expect(shop.page.url()).toBe(`${shop.site.url}/`);
    await shop.page.click('#c');
    await shop.page.waitForURL('**/next');
  });

  it('is taken from before the script was there', async () => {
    shop.site.files.set('/', {
      body: `<link rel="icon" href="data:,">${LINKS}<script>touchtrail=[['trackLink', document.querySelector('#a'), 'Early Link']]</script>
        <script async src="${shop.site.edge}/t/t.js" data-write-key="wk"></script>`,
    });
    await shop.visit();
    await settled();
    await shop.page.click('#a');
    await shop.site.events(1, isTrack('Early Link'));
  });
});

describe('trackForm', () => {
  const FORM =
    '<form id="f" method="post" action="/crm"><input name="length" value="3"><input name="company" value="Engine" required><button name="button" value="pressed">Send</button></form>';

  beforeEach(() => shop.serve('/', FORM));

  it('tracks the submit, which happens once, with the button that was pressed', async () => {
    await shop.visit();
    await trackForm();
    await settled();
    const posted = await shop.post();
    expect(posted.getAll('button')).toEqual(['pressed']);
    const [sent] = await shop.site.events(1, isTrack('Lead Sent'));
    expect(sent!.properties).toEqual({ form: 'f' });
    await shop.site.events(1, isSubmit);
    const events = await untilNow(shop.site, shop.page);
    expect(events.filter(isTrack('Lead Sent'))).toHaveLength(1);
    expect(events.filter(isSubmit)).toHaveLength(1);
    expect(shop.site.posted).toHaveLength(1);
  });

  it('tracks nothing where validation stops the submit, and submits nothing that a page stops', async () => {
    await shop.visit();
    await trackForm();
    await settled();
    await shop.page.fill('[name=company]', '');
    await shop.page.click('button');
    expect((await untilNow(shop.site, shop.page)).filter(isTrack('Lead Sent'))).toEqual([]);
    await shop.page.evaluate(() => addEventListener('submit', (event) => event.preventDefault()));
    await shop.page.fill('[name=company]', 'Engine');
    await shop.page.click('button');
    await shop.site.events(1, isTrack('Lead Sent'));
    expect(shop.site.posted).toEqual([]);
    expect(shop.page.url()).toBe(`${shop.site.url}/`);
  });
});

describe('debug', () => {
  it('writes what is sent to the console, from debug() to debug(false)', async () => {
    shop.serve('/');
    const lines = logged();
    await shop.visit();
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.debug());
    await settled();
    await shop.page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.track('Shown', { email: 'ada@engine.example' });
      touchtrail.debug(false);
      touchtrail.track('Silent');
    });
    const [shown] = await shop.site.events(1, isTrack('Shown'));
    await shop.site.events(1, isTrack('Silent'));
    await poll(() => lines.length).toBe(2);
    // As it is sent: without the address.
    expect(lines[1]).toEqual(['touchtrail', shown]);
    expect(lines[0]).toMatchObject(['touchtrail', { type: 'alias' }]);
  });

  it('begins with the page where the script says so, and complains once of an edge that refuses', async () => {
    shop.serve('/', '', 'data-debug="true"');
    const lines = logged();
    shop.site.answers.push({ status: 401 }, { status: 401 });
    await shop.page.goto(shop.site.url);
    await poll(() => shop.complaints).toEqual(['touchtrail: the edge: 401']);
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Again'));
    await poll(() => shop.site.deliveries.length).toBe(2);
    // From when the extension that writes them is there.
    await settled();
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Next'));
    const [next] = await shop.site.events(1, isTrack('Next'));
    await poll(() => lines.at(-1)).toEqual(['touchtrail', next]);
    expect(shop.complaints.splice(0)).toEqual(['touchtrail: the edge: 401']);
  });

  it('is silent otherwise, also about data without a JSON form and an edge that refuses', async () => {
    shop.serve('/');
    shop.site.answers.push({ status: 401 });
    await shop.page.goto(shop.site.url);
    await shop.page.waitForFunction(() => 'touchtrail' in window);
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Big', { big: 7n }));
    await shop.site.events(1, isTrack('Big'));
    expect(shop.complaints).toEqual([]);
  });
});
