import type { Browser, Page } from 'playwright-core';

/** Widths that readers have: a phone, a tablet upright, a laptop. */
export const WIDTHS = [375, 768, 1280] as const;
export const SCHEMES = ['light', 'dark'] as const;

export interface View {
  readonly width: number;
  readonly scheme: (typeof SCHEMES)[number];
  readonly javaScriptEnabled?: boolean;
}

/** A page of a dashboard in a browser, and what went wrong on it. */
export interface Opened {
  readonly page: Page;
  /** Errors of the console and of scripts, requests that failed, and whatever the content security policy refused. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** Opens a tab that is as wide and as bright as told. The policy of the dashboard holds: nothing is switched off. */
export async function openTab(browser: Browser, { width, scheme, javaScriptEnabled = true }: View): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    javaScriptEnabled,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('requestfailed', (request) => faults.push(`request: ${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`response: ${response.url()}: ${response.status()}`);
  });
  return { page, faults, close: () => context.close() };
}
