/**
 * Pictures of every page of the dashboard, at three widths and in both schemes.
 *
 *   npm run screenshots -- [--data .demo/data] [--to .screenshots] [--only /channels?period=90d]
 *
 * What it shows is what `npm run demo -- --exit` has left, or any other data folder with a publication.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { serveDashboard } from '../../../pipeline/dashboard/serve.ts';
import { launchBrowser } from '../../browser.ts';
import { openTab, SCHEMES, WIDTHS } from './browse.ts';
import { VIEWS } from './views.ts';

const root = join(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(root, '.demo', 'data') },
    to: { type: 'string', default: join(root, '.screenshots') },
    only: { type: 'string', multiple: true },
  },
});
const folder = resolve(values.to);
const views = values.only ? values.only.map((address, index) => ({ name: `only-${index + 1}`, address })) : VIEWS;

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const log = (line: string): void => void process.stderr.write(`${line}\n`);
const server = await serveDashboard({ dataFolder: resolve(values.data), host: '127.0.0.1', port: 0, log });
const browser = await launchBrowser();
try {
  for (const scheme of SCHEMES) {
    for (const width of WIDTHS) {
      const tab = await openTab(browser, { width, scheme });
      for (const { name, address } of views) {
        await tab.page.goto(server.url + address);
        await tab.page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
      for (const fault of tab.faults) log(fault);
      await tab.close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
process.stdout.write(`${views.length * SCHEMES.length * WIDTHS.length} pictures in ${relative(process.cwd(), folder) || '.'}\n`);
