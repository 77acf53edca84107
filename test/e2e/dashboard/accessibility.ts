import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

// Read, not loaded: it is a script for browsers.
const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** WCAG 2.2 up to level AA, and what axe calls best practice. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What depends on the colours alone: nothing else can differ between two schemes of one page. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** What axe finds wrong on a page as it is shown now, one line for each element. @param of only what colours can do wrong. */
export async function barriers(page: Page, of: 'all' | 'colours' = 'all'): Promise<string[]> {
  // Through the debugger, which no content security policy holds up: the page stays as strict as it is.
  await page.evaluate(source);
  const { violations } = await page.evaluate(
    (runOnly) =>
      (window as unknown as { axe: { run(context: Document, options: object): Promise<AxeResults> } }).axe.run(document, {
        runOnly,
        preload: false,
      }),
    of === 'all' ? { type: 'tag', values: TAGS } : { type: 'rule', values: OF_COLOURS },
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary ?? ''}`));
}
