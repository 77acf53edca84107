import type { Command } from 'commander';
import { UserError } from '../../config/user-error.ts';
import { examineProject } from '../../doctor/doctor.ts';
import type { Finding } from '../../doctor/finding.ts';
import { globalOptions } from '../options.ts';
import { renderFindings } from '../render/findings.ts';
import { toJson } from '../render/json.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';

const EXAMPLES = `
Without --site: this machine, the config, the warehouse, the edge, the last run and the last event.
With --site: one page of the website, in a browser of its own: the script, the cookie, each form. No form is ever sent; the visit
is marked as internal.

Examples:
  $ touchtrail doctor
  $ touchtrail doctor --site https://www.example.com/contact
  $ touchtrail doctor --site https://www.example.com/ --browser /usr/bin/chromium

Exit code 1 where something is wrong.
`;

/** `touchtrail doctor`: what is right, what is wrong, and what to do about it. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Check the set-up, or a page of the website: what is wrong, and what to run.')
    .option('--site <url>', 'a page of the website')
    .option('--browser <path>', 'Chrome, Chromium or Edge (default: the one that is installed)')
    .addHelpText('after', EXAMPLES)
    .action(async ({ site, browser }: { site?: string; browser?: string }, command: Command) => {
      const { dataFolder, configFile, json } = globalOptions(command);
      const findings =
        site === undefined
          ? await examineProject({
              configFile,
              dataFolder,
              environment: process.env,
              nodeVersion: process.versions.node,
              now: new Date(),
            })
          : await examinePage(pageOf(site), browser);
      writeResult(json ? toJson({ findings }) : renderFindings(findings, screenOf().emphasis));
      if (findings.some(({ status }) => status === 'problem')) process.exitCode = 1;
    });
}

function pageOf(site: string): URL {
  const url = URL.parse(site);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UserError(`--site ${JSON.stringify(site)}: expected the address of a page, such as "https://www.example.com/"`, {
      exitCode: 2,
    });
  }
  return url;
}

async function examinePage(page: URL, executable: string | undefined): Promise<readonly Finding[]> {
  // Loaded on demand: no other command needs a browser.
  const { examineSite } = await import('../../doctor/site/site.ts');
  return await examineSite(page, { ...(executable !== undefined && { executable }), onProgress: writeNotice });
}
