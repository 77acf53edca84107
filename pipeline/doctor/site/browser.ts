import type { Browser } from 'playwright-core';
import { UserError } from '../../config/user-error.ts';

/** Browsers as they are installed by their makers, by playwright's names for them. */
const CHANNELS = ['chrome', 'msedge', 'chromium'] as const;

/** How to get a browser; the last words of a sentence. */
export const HOW_TO_GET_A_BROWSER =
  'install Google Chrome (https://www.google.com/chrome/) or Microsoft Edge, or name a Chromium with --browser PATH; "npx playwright-core install chromium" brings one';

/**
 * Starts a browser without a window. The caller closes it.
 * @param executable default: the Chrome, Edge or Chromium that is installed.
 * @returns undefined where none is installed.
 * @throws UserError (exit code 2) where the one that was named does not start.
 */
export async function openBrowser(executable?: string): Promise<Browser | undefined> {
  // Loaded on demand: it takes its time, and only this needs it.
  const { chromium } = await import('playwright-core');
  // Chromium's sandbox refuses to start for root, as in most containers.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  if (executable !== undefined) {
    try {
      return await chromium.launch({ executablePath: executable, args });
    } catch (cause) {
      const words = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
      throw new UserError(`--browser ${executable} does not start: ${words}`, { exitCode: 2, cause });
    }
  }
  for (const channel of CHANNELS) {
    try {
      return await chromium.launch({ channel, args });
    } catch (error) {
      // Not installed; what is installed and does not start is told by playwright's own words.
      if (!/is not found|Executable doesn't exist|is not supported/i.test(String(error))) throw error;
    }
  }
  return undefined;
}
