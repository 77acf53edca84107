import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { serveDashboard } from '../../../pipeline/dashboard/serve.ts';
import { VIEWS } from '../../e2e/dashboard/views.ts';
import { installPackages } from '../../setup/install-packages.ts';
import { atMost, type Figure, measured, median, missing, percentile } from '../figure.ts';
import type { BenchContext } from '../run.ts';
import { yearFigures } from './year.ts';

const DEMO = join(import.meta.dirname, '../../../.demo/data');
/** Milliseconds. */
const SLOWEST_PAGE = 150;
const SLOWEST_PAINT = 500;
/** Bytes of a page with its style and script, compressed. */
const LARGEST_PAGE = 60 * 1024;

export async function dashboardFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const sessions = options['report-sessions']!;
  if (sessions > 0) return yearFigures(sessions, options['requests']!, progress);
  return demoFigures(options, progress);
}

async function demoFigures(options: BenchContext['options'], progress: BenchContext['progress']): Promise<Figure[]> {
  if (!existsSync(join(DEMO, 'publications', 'current.json'))) {
    return [missing({ name: 'Pages of the dashboard', unit: 'ms', note: 'there is no demo to look at: npm run demo -- --exit' })];
  }
  const [requests, paints] = [options['requests']!, options['paints']!];
  const task = progress.begin('dashboard: every page, again and again', VIEWS.length);
  const server = await serveDashboard({ dataFolder: DEMO, host: '127.0.0.1', port: 0, log: (line) => process.stderr.write(`${line}\n`) });
  try {
    const pages: { name: string; first: number; p95: number; middle: number; bytes: number }[] = [];
    for (const [index, { name, address }] of VIEWS.entries()) {
      const times: number[] = [];
      let first = 0;
      // The first one opens the publication, or finds answers that nobody has asked for.
      for (let n = 0; n <= requests; n++) {
        const began = performance.now();
        const answer = await fetch(server.url + address);
        await answer.text();
        if (answer.status !== 200) throw new Error(`${address} answered ${answer.status}`);
        const time = performance.now() - began;
        if (n === 0) first = time;
        else times.push(time);
      }
      pages.push({ name, first, p95: percentile(times, 0.95), middle: median(times), bytes: await bytesOf(server.url, address) });
      task.advance(index + 1);
    }
    const slowest = pages.toSorted((a, b) => b.p95 - a.p95)[0]!;
    const largest = pages.toSorted((a, b) => b.bytes - a.bytes)[0]!;
    return [
      measured({
        name: 'Slowest page, 95th percentile',
        value: slowest.p95,
        unit: 'ms',
        bound: atMost(SLOWEST_PAGE),
        note: `${slowest.name}; asked first, and medians: ${pages.map(({ name, first, middle }) => `${name} ${Math.round(first)}/${Math.round(middle)}`).join(', ')}`,
      }),
      measured({
        name: 'Largest page with style and script',
        value: largest.bytes,
        unit: 'B gzip',
        bound: atMost(LARGEST_PAGE),
        note: largest.name,
      }),
      await firstPaint(server.url, paints),
    ];
  } finally {
    task.done();
    await server.stop();
  }
}

async function bytesOf(url: string, address: string): Promise<number> {
  const page = await (await fetch(url + address)).text();
  const assets = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, asset]) => asset!);
  const parts = [page, ...(await Promise.all(assets.map(async (asset) => (await fetch(url + asset)).text())))];
  return parts.reduce((sum, part) => sum + gzipSync(part).length, 0);
}

/** From the request of the overview to its first content, in a browser that keeps nothing. */
async function firstPaint(url: string, paints: number): Promise<Figure> {
  installPackages(join(import.meta.dirname, '../..'), 'the packages that only the tests need (Chromium)');
  const { launchBrowser } = await import('../../browser.ts');
  const browser = await launchBrowser();
  try {
    const times: number[] = [];
    for (let n = 0; n < paints; n++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(url, { waitUntil: 'load' });
      times.push(
        await page.evaluate(
          () =>
            new Promise<number>((resolve) => {
              new PerformanceObserver((list) => {
                const paint = list.getEntriesByName('first-contentful-paint')[0];
                if (paint) resolve(paint.startTime);
              }).observe({ type: 'paint', buffered: true });
            }),
        ),
      );
      await context.close();
    }
    return measured({ name: 'First contentful paint of the overview', value: median(times), unit: 'ms', bound: atMost(SLOWEST_PAINT) });
  } finally {
    await browser.close();
  }
}
