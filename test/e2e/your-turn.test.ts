import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { placeIn, prepare } from '../../examples/demo/place.ts';
import { yourTurn } from '../../examples/demo/your-turn.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { launchBrowser } from '../browser.ts';
import { command, type CommandResult, startUp } from '../cli.ts';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';

test('the visitor finds themselves with the very commands that the website and the demo print', async () => {
  const place = placeIn(await mkdtemp(join(tmpdir(), 'touchtrail-your-turn-')));
  onTestFinished(async () => await rm(place.folder, { recursive: true, force: true }));
  await prepare(place);
  await createKey(place.data, { kind: 'browser', name: 'website', key: 'demo' });
  const up = await startUp(['--data', place.data, '--config', place.config]);
  const { site, text } = await yourTurn(place, up.url, 0);
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ userAgent: CHROME });
    const page = await context.newPage();
    await page.goto(/Open (\S+)/.exec(text)![1]!);
    await page.goto(`${site.url}/demo`);
    await page.fill('input[name=full_name]', 'You Yourself');
    await page.fill('input[name=email]', 'you@company.example');
    await page.click('button:has-text("Request a demo")');
    await page.waitForURL('**/thanks');

    const journey = (await page.textContent('pre code'))!;
    expect(text).toContain(`\n       ${journey}\n`);
    // The tracker sends on its own time.
    await vi.waitFor(async () => expect((await typed(journey)).stdout).toContain('Form Submitted'), { timeout: 60_000 });
    const waiting = await typed(journey);
    expect(waiting.stdout).toMatch(/not yet processed/i);
    expect(waiting.stdout).toContain('google / cpc / my-first-campaign');

    const run = /^ +(npx touchtrail run .+)$/m.exec(text)![1]!;
    expect((await typed(run)).stdout).toContain('crm_leads');
    const processed = await typed(journey);
    expect(processed.stdout).not.toMatch(/not yet processed/i);
    expect(processed.stdout).toContain('Paid Search · google / cpc · my-first-campaign');
    expect(processed.stdout).toMatch(/★ +Lead W-/);

    await up.stop();
    const config = /add (--config .+)$/m.exec(text)![1]!;
    expect((await typed(`${run} ${config}`)).stdout).toContain('nothing changed');
  } finally {
    await browser.close();
    await site.stop();
    await up.stop();
  }
});

/** Runs a line as it is typed in the checkout, with the Node and npm of the system first on the PATH. */
async function typed(line: string): Promise<CommandResult> {
  const path = process.env['PATH']!.split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const env = { ...process.env, PATH: path.join(delimiter) };
  const result = await command('sh', ['-c', line], { cwd: join(import.meta.dirname, '../..'), env });
  expect(result.code, `${line}\n${result.stderr}`).toBe(0);
  return result;
}
