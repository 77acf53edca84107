import { relative } from 'node:path';
import { callControl } from '../../pipeline/embedded/control.ts';
import { type Site, type SiteOptions, startSite } from '../fernhill/site/server.ts';
import type { DemoPlace } from './place.ts';

export interface YourTurn {
  readonly site: Site;
  /** What the visitor can do now, with commands to be typed in this process's working folder. */
  readonly text: string;
}

/**
 * Opens the website of the example company on a running edge.
 * @param port of the website; another one is taken where it is in use.
 */
export async function yourTurn(place: DemoPlace, edgeUrl: string, port: number): Promise<YourTurn> {
  const journeyCommand = `npx touchtrail journey --data ${here(place.data)} --email`;
  const options = { host: '127.0.0.1', edgeUrl, writeKey: 'demo', crmFolder: `${place.company}/crm`, journeyCommand };
  const site = await startSomewhere({ ...options, port });
  const dashboard = (await callControl<{ dashboard: string | null }>(place.data, { command: 'status' }))?.dashboard;
  const text =
    (dashboard ? `  0. Look at these numbers in a browser: ${dashboard}\n` : '') +
    `  1. Open ${site.url}/?utm_source=google&utm_medium=cpc&utm_campaign=my-first-campaign&gclid=test-1\n` +
    '     look around, and send the form with any address, for example you@company.example\n' +
    '  2. In another terminal, find yourself:\n' +
    `       ${journeyCommand} you@company.example\n` +
    '     (what the nightly run has not seen yet is marked)\n' +
    '  3. Do not wait for the night:\n' +
    `       npx touchtrail run --data ${here(place.data)}\n\n` +
    `The edge listens on ${edgeUrl}. Ctrl-C ends the demo; its files stay in ${here(place.folder)}. From then on \`run\` and\n` +
    `\`up\` do not know the config by themselves: add --config ${here(place.config)}\n`;
  return { site, text };
}

/** The port of the website matters to nobody: minutes of replay are not given up for one that is taken. */
async function startSomewhere(options: SiteOptions): Promise<Site> {
  try {
    return await startSite(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return await startSite({ ...options, port: 0 });
  }
}

/** A path from the working folder. */
const here = (path: string) => shellWord(relative(process.cwd(), path) || '.');

/** A path as one word of a POSIX shell. */
function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
