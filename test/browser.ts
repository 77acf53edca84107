import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packaged, { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** Where Chromium lies once unpacked; the name carries the version, because the package reuses whatever it finds. */
const HOME = join(dirname(fileURLToPath(import.meta.url)), 'node_modules', '.cache', 'chromium-153');

/**
 * Starts the Chromium that comes inside `@sparticuz/chromium`: nothing has to be installed on the machine but glibc and
 * libstdc++. It reaches this machine only: `*.example` hosts resolve to 127.0.0.1, all others to nothing.
 * The caller closes the browser.
 */
export async function launchBrowser(): Promise<Browser> {
  const home = await unpackedChromium();
  return chromium.launch({
    executablePath: join(home, 'chromium'),
    // Not the package's own arguments: they switch web security off, which would hide faults of CORS and CSP.
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-gpu',
      '--no-first-run',
      '--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
    env: {
      ...environment(),
      LD_LIBRARY_PATH: [join(home, 'al2023', 'lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_PATH: join(home, 'fonts'),
    },
  });
}

/**
 * The folder of the unpacked browser. Unpacks into a folder of this process and renames it, so that two processes that
 * start at once both find a whole browser and a killed one leaves nothing half-done behind.
 */
async function unpackedChromium(): Promise<string> {
  if (existsSync(HOME)) return HOME;
  const own = `${HOME}.${process.pid}`;
  await rm(own, { recursive: true, force: true });
  await mkdir(own, { recursive: true });
  await unpackInto(own);
  await writeFile(
    join(own, 'fonts', 'fonts.conf'),
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${HOME}/fonts/fonts</dir><cachedir>${HOME}/fonts-cache</cachedir></fontconfig>
`,
  );
  try {
    await rename(own, HOME);
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (!existsSync(HOME)) throw error;
  }
  return HOME;
}

/**
 * The package unpacks into `tmpdir()` and reads it when a function is called, not later; so TMPDIR is set for the calls
 * alone, and code that runs while they are awaited sees the true one.
 */
async function unpackInto(folder: string): Promise<void> {
  const bin = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..', 'bin');
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  let unpacking: Promise<unknown>;
  try {
    if (tmpdir() !== folder) throw new Error(`tmpdir() is ${tmpdir()} although TMPDIR is ${folder}`);
    unpacking = Promise.all([inflate(join(bin, 'al2023.tar.br')), packaged.executablePath()]);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  await unpacking;
}

function environment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
