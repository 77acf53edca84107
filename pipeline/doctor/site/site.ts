import type { Browser } from 'playwright-core';
import { type Finding, problem, wordsOf } from '../finding.ts';
import { openBrowser } from './browser.ts';
import { lookUp } from './dns.ts';
import { judgeVisit, type LookUp } from './findings.ts';
import { examineHtml } from './html.ts';
import { visit } from './visit.ts';

export interface SiteOptions {
  /** Path of a browser; default: the one that is installed. */
  readonly executable?: string;
  /** One line while it takes its time. */
  readonly onProgress?: (line: string) => void;
  /** Default: {@link openBrowser}. */
  readonly open?: (executable?: string) => Promise<Browser | undefined>;
  /** Default: DNS. */
  readonly lookUp?: LookUp;
}

/**
 * Loads one page of the website in a browser, and says what it found. No form is sent, and the visit is marked as internal.
 * Without a browser it says what the text of the page shows.
 * @throws UserError (exit code 2) where the browser that was named does not start.
 */
export async function examineSite(page: URL, options: SiteOptions = {}): Promise<Finding[]> {
  const resolve = options.lookUp ?? lookUp;
  const browser = await (options.open ?? openBrowser)(options.executable);
  if (!browser) return await examineHtml(page, resolve);
  try {
    options.onProgress?.(`loading ${page.href} in ${browser.browserType().name()} ${browser.version()} …`);
    return await judgeVisit(await visit(browser, page), resolve);
  } catch (error) {
    const words = wordsOf(error).split('\n')[0]!;
    return [problem('Page', `${page.href} cannot be loaded: ${words}`, 'is the address right, and does it answer from this machine?')];
  } finally {
    await browser.close();
  }
}
