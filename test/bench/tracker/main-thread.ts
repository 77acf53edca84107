import type { Browser, CDPSession } from 'playwright-core';
import type { Task } from '../../../pipeline/cli/progress.ts';
import { compared, atMost, type Figure, measured, median } from '../figure.ts';
import { nameOf, plausibleScript, segmentChunk, segmentStub, shippedFile } from './peers.ts';
import { type Asked, html, json, type Reply, script, startSite } from './site.ts';
import { USER_AGENT } from './user-agent.ts';

type Subject = 'nothing' | 'touchtrail' | 'plausible' | 'segment';

interface Snippet {
  /** What runs in the page before the script is asked for. */
  readonly inline?: string;
  readonly script?: string;
}

/** How each tracker gets into a page. Plausible stays silent in an automated browser unless its own tests' flag is set. */
const SNIPPETS: Readonly<Record<Subject, Snippet>> = {
  nothing: {},
  touchtrail: { script: '/t/t.js' },
  plausible: { inline: 'window.__plausible = true', script: '/plausible.js' },
  segment: { inline: segmentStub('bench'), script: '/segment.js' },
};
const SUBJECTS = Object.keys(SNIPPETS) as Subject[];

const SLOWDOWN = 6;
/** Every page is watched for as long, so that a browser's own chores weigh the same; longer where a page view takes longer. */
const WATCHED_MS = 700;
const AFTER_PAGE_VIEW_MS = 300;
/** After the page has been loaded, until it has been painted and the browser has nothing to do with it. */
const SETTLED_MS = 500;
const PAGE_VIEW_WITHIN_MS = 20_000;

/** The landing page of an ad. */
const ADDRESS = '/offer?utm_source=google&utm_medium=cpc&utm_campaign=spring%20offer&gclid=Cj0KCQ';
const PAGE = html(`<!doctype html><html lang="en"><head><title>Spring offer</title></head><body>
  <h1>Spring offer</h1>${'<p>Words around <a href="/more">a link</a>.</p>'.repeat(20)}
  <form action="/crm" method="post"><input name="email"></form></body></html>`);

/**
 * Main-thread time from the moment a page asks for a tracker's script until its first page view has been sent, at a sixth
 * of the processor's speed, each tracker in an otherwise identical page, answered on loopback.
 *
 * Measured is the thread time of all tasks of the page's main thread (`TaskDuration` of the Performance domain): so
 * everything that a tracker causes counts (compiling, timers, requests, collected garbage), not script alone. Thread time,
 * because what other processes take from a busy machine is not the page's; slowing down is work of the thread itself and
 * counts. No trace is taken: writing it would be slowed down and measured, too.
 *
 * The script is put into a page that has been loaded and painted, as a tag manager does it: to load and paint the page
 * takes several times as long as a tracker, and varies by more than one. What remains without a tracker is subtracted.
 * Rounds are interleaved and medians compared, so that a machine that gets busier in between is busier for all.
 */
export async function mainThreadFigures(browser: Browser, ours: Buffer, rounds: number, task: Task): Promise<Figure[]> {
  const pageView: { arrived?: () => void } = {};
  const plausible = await plausibleScript();
  const segment = shippedFile('@segment/analytics-next');
  const answer = ({ method, path, headers }: Asked): Reply | undefined => {
    if (path === '/offer') return PAGE;
    if (path === '/t/t.js') return script(ours);
    if (path === '/plausible.js') return script(plausible);
    if (path === '/segment.js') return script(segment);
    if (path === '/v1/projects/bench/settings') {
      return json({ integrations: { 'Segment.io': { apiKey: 'bench', apiHost: `${headers.host}/v1`, protocol: 'http' } } });
    }
    if (path.startsWith('/analytics-next/bundles/')) return script(segmentChunk(path.split('/').at(-1)!)!);
    if (method !== 'POST') return undefined;
    // Segment reports metrics about itself to /v1/m.
    if (path !== '/v1/m') pageView.arrived?.();
    return json({ success: true });
  };
  const site = await startSite(answer);
  const times: Record<Subject, number[]> = { nothing: [], touchtrail: [], plausible: [], segment: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      for (const subject of SUBJECTS) {
        times[subject].push(await timeOf(browser, site.url, subject, pageView));
        task.advance(round * SUBJECTS.length + SUBJECTS.indexOf(subject) + 1);
      }
    }
  } finally {
    await site.stop();
  }
  return figuresOf(times);
}

function figuresOf(times: Readonly<Record<Subject, readonly number[]>>): Figure[] {
  const baseline = median(times.nothing);
  const added = (subject: Subject): number => median(times[subject]) - baseline;
  const value = added('touchtrail');
  const plausible = { name: nameOf('@plausible-analytics/tracker'), value: added('plausible') };
  const segment = { name: nameOf('@segment/analytics-next'), value: added('segment') };
  const note = `median of ${times.nothing.length} interleaved rounds, less the page without a tracker`;
  return [
    compared({
      name: 'Main thread, load and first page view, beside Plausible',
      value,
      unit: 'ms',
      reference: [plausible],
      bound: atMost(2),
      note,
    }),
    compared({
      name: 'Main thread, load and first page view, beside Segment',
      value,
      unit: 'ms',
      reference: [segment],
      bound: atMost(0.2),
      note,
    }),
    measured({
      name: 'Main thread, the page without a tracker',
      value: baseline,
      unit: 'ms',
      note: `rounds from ${spread(times.nothing)}`,
    }),
    measured({
      name: 'Main thread, the page with Touchtrail',
      value: median(times.touchtrail),
      unit: 'ms',
      note: `rounds from ${spread(times.touchtrail)}`,
    }),
  ];
}

const spread = (values: readonly number[]): string => `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))} ms`;

/** Milliseconds of the main thread on one new visit in a context of its own, so that nothing is cached. */
async function timeOf(browser: Browser, siteUrl: string, subject: Subject, pageView: { arrived?: () => void }): Promise<number> {
  const context = await browser.newContext({ userAgent: USER_AGENT });
  try {
    const page = await context.newPage();
    await page.goto(siteUrl + ADDRESS);
    await page.waitForTimeout(SETTLED_MS);
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await taskSeconds(devtools);
    const seen = subject === 'nothing' ? Promise.resolve() : arrival(pageView, subject);
    const begun = performance.now();
    await Promise.all([page.evaluate(insert, SNIPPETS[subject]), seen]);
    await page.waitForTimeout(Math.max(AFTER_PAGE_VIEW_MS, WATCHED_MS - (performance.now() - begun)));
    return ((await taskSeconds(devtools)) - before) * 1000;
  } finally {
    await context.close();
  }
}

/** Runs in the page. */
function insert({ inline, script }: Snippet): void {
  if (inline !== undefined) document.head.append(Object.assign(document.createElement('script'), { text: inline }));
  if (script === undefined) return;
  const element = Object.assign(document.createElement('script'), { async: true, src: script });
  element.dataset['writeKey'] = 'bench';
  document.head.append(element);
}

async function arrival(pageView: { arrived?: () => void }, subject: Subject): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  pageView.arrived = resolve;
  const timer = setTimeout(
    () => reject(new Error(`${subject} sent no page view within ${PAGE_VIEW_WITHIN_MS / 1000} s`)),
    PAGE_VIEW_WITHIN_MS,
  );
  await promise.finally(() => clearTimeout(timer));
}

async function taskSeconds(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  const found = metrics.find(({ name }) => name === 'TaskDuration');
  if (!found) throw new Error(`the browser measures no TaskDuration, only ${metrics.map(({ name }) => name).join(', ')}`);
  return found.value;
}
