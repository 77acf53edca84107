import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import type { Task } from '../../../pipeline/cli/progress.ts';
import { Config } from '../../../pipeline/config/schema.ts';
import { events } from '../../../pipeline/models/events/events.ts';
import { projectTables } from '../../../pipeline/sources/project-tables.ts';
import { openDuckDb } from '../../../pipeline/warehouse/duckdb/duckdb.ts';
import { loadSegments } from '../../../pipeline/warehouse/duckdb/landing.ts';
import { raw } from '../../../pipeline/warehouse/sql.ts';
import { Random } from '../../simulator/random.ts';
import type { Figure } from '../figure.ts';
import { figuresOf, type StoredEvent } from './accounting.ts';
import type { BenchEdge } from './edge.ts';
import { type Plan, plansOf, SEED, type Witnessed } from './plan.ts';
import { CAMPAIGN, makeVisit, VisitedPages } from './short-visit.ts';
import { passToEdge, startSite } from './site.ts';

const AT_ONCE = 3;
/** Milliseconds that a request takes to the edge, and an answer back: from a city network to a poor mobile one. */
const FASTEST_WAY_MS = 5;
const SLOWEST_WAY_MS = 60;
/** Once nothing has arrived for this long, nothing is under way any more. */
const QUIET_MS = 2_000;

/** Makes the visits against the real edge, lets the night load what landed, and looks for each visit in `events`. */
export async function visitFigures(browser: Browser, edge: BenchEdge, count: number, task: Task): Promise<Figure[]> {
  const pages = new VisitedPages();
  const delays = new Random(SEED).fork('delays');
  const refused: string[] = [];
  const traffic = { underWay: 0, last: performance.now() };
  const site = await startSite(async (asked) => {
    if (!asked.path.startsWith('/t/')) return pages.page(asked.path);
    traffic.underWay++;
    try {
      const reply = await passToEdge(edge.url, asked, delays.between(FASTEST_WAY_MS, SLOWEST_WAY_MS));
      if (reply && reply.status >= 400) refused.push(`${asked.path}: ${reply.status} ${String(reply.body).slice(0, 200)}`);
      return reply;
    } finally {
      traffic.underWay--;
      traffic.last = performance.now();
    }
  });
  try {
    const witnessed = await makeVisits(browser, site.url, pages, plansOf(count), task);
    while (traffic.underWay > 0 || performance.now() - traffic.last < QUIET_MS) await sleep(100);
    return figuresOf(witnessed, await storedEvents(edge), refused);
  } finally {
    await site.stop();
  }
}

async function makeVisits(
  browser: Browser,
  siteUrl: string,
  pages: VisitedPages,
  plans: readonly Plan[],
  task: Task,
): Promise<Witnessed[]> {
  const ends: Promise<Witnessed>[] = [];
  const waiting = plans.values();
  const visitor = async () => {
    for (const plan of waiting) {
      const visit = await makeVisit(browser, siteUrl, pages, plan);
      task.advance(ends.push(visit()));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  } finally {
    // Also where one failed: the others' contexts must be closed before the browser is.
    await Promise.allSettled(ends);
  }
  return await Promise.all(ends);
}

/** Loads what landed as the night does and counts. */
async function storedEvents(edge: BenchEdge): Promise<StoredEvent[]> {
  await edge.seal();
  const config = Config.parse({
    project: { name: 'Bench', timeZone: 'Europe/Berlin', currency: 'EUR' },
    site: { domains: ['www.shop.example'] },
  });
  const warehouse = await openDuckDb(':memory:');
  try {
    await warehouse.migrate(projectTables(config));
    await loadSegments(warehouse, join(edge.dataFolder, 'landing'));
    await events({ warehouse, config, configFolder: edge.dataFolder, now: new Date().toISOString() });
    const rows = await warehouse.rows<{ visit: string; event: string; stored: number; delivered: number }>(
      raw(`
        select
          utm_content as visit,
          coalesce(event, type) as event,
          count(*) filter (where source = 'events') as stored,
          count(*) filter (where source = 'events_raw') as delivered
        from (
          select 'events' as source, type, event, utm_content, utm_campaign from events
          union all
          select 'events_raw' as source, type, event, utm_content, utm_campaign from events_raw
        )
        where utm_campaign = '${CAMPAIGN}'
        group by 1, 2
        order by 1, 2`),
      'events of the visits',
    );
    return rows.map(({ visit, event, stored, delivered }) => ({ visit, event, rows: stored, deliveries: delivered }));
  } finally {
    await warehouse.close();
  }
}
