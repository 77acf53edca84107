import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { UserError } from '../../config/user-error.ts';
import { callControl } from '../../embedded/control.ts';
import { sealAbandoned } from '../../embedded/landing/segment-writer.ts';
import { keepFilesPrivate } from '../../night/private-files.ts';
import { runNight } from '../../night/run.ts';
import { type NightStep, NIGHT_STEPS } from '../../night/steps.ts';
import { loadErasureKey } from '../../privacy/key.ts';
import type { Joined } from '../../privacy/joined-ids.ts';
import { type NamedPerson, namedPerson, type PersonOptions } from '../../privacy/person-ids.ts';
import { type ErasurePreview, previewErasure, requestErasure } from '../../privacy/request.ts';
import { type Erasure, readErasures } from '../../privacy/tombstones.ts';
import { type GlobalOptions, globalOptions, progressFor } from '../options.ts';
import { erasureAsJson, renderErasure, renderErasures, renderPreview } from '../render/erasure.ts';
import { toJson } from '../render/json.ts';
import { showRun } from '../run-view.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';
import { joinedOption } from './joined-option.ts';
import { readWarehouse } from './read-warehouse.ts';

interface EraseOptions extends PersonOptions {
  readonly joined: Joined;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const NOTES = `
What has arrived is loaded and joined first. Then the identifier that is given is erased, with all that deterministic signals of the
identity graph join with it: an address, a user id, a former id. What only weaker ones join, such as the address of an office, is listed
and stays: it may be a colleague. \`--joined all\` takes it, too. The same run deletes, publishes again, and scans every place; what cannot
be deleted yet is deleted by the next runs. Conversions of the CRM stay, as business figures of nobody; those that a query counts from
events go with the events.
The CRM, its exports and backups of your own are not touched. See docs/privacy.md.

Examples:
  $ touchtrail erase --email jane@example.com --dry-run
  $ touchtrail erase --anonymous-id 3f0c8a52-… --yes
  $ touchtrail erase status
`;

/** `touchtrail erase`: deletes a person, and proves it. */
export function registerErase(program: Command): void {
  const erase = program
    .command('erase')
    .description('Erase a person: what is stored, and what arrives later.')
    .option('--anonymous-id <id>', 'the cookie value of a browser')
    .option('--user-id <id>', "the site's own id of a user")
    .option('--email <address>', 'an address, or its SHA-256 in hex')
    .addOption(joinedOption())
    .option('--dry-run', 'only show which identifiers and how many rows')
    .option('--yes', 'do not ask')
    .addHelpText('after', NOTES)
    .action(async (options: EraseOptions, self: Command) => eraseNow(options, globalOptions(self)));
  erase
    .command('status')
    .description('Receipts: what is done, what is pending and why.')
    .argument('[id]', 'of one erasure; default: all')
    .addHelpText('after', '\nExample:\n  $ touchtrail erase status --json\n')
    .action(async (id: string | undefined, _: unknown, self: Command) => {
      const global = globalOptions(self);
      const { config } = await loadConfig(global.configFile, { onMissingFile: () => {} });
      const erasures = await readWarehouse(config, global.dataFolder, (warehouse) => readErasures(warehouse));
      const chosen = id === undefined ? erasures : [oneOf(erasures, id)];
      if (global.json) writeResult(toJson(chosen.map(erasureAsJson)));
      else writeResult(renderErasures(chosen, screenOf().width));
    });
}

function oneOf(erasures: readonly Erasure[], id: string): Erasure {
  const found = erasures.find((erasure) => erasure.erasure_id === id);
  if (found) return found;
  const known = erasures.map(({ erasure_id: name }) => name).slice(-5);
  throw new UserError(`there is no erasure ${id}; ${known.length === 0 ? 'there is none at all' : `the latest are ${known.join(', ')}`}`);
}

async function eraseNow({ dryRun = false, yes = false, joined, ...given }: EraseOptions, global: GlobalOptions): Promise<void> {
  const person = namedPerson(given);
  const loaded = await loadConfig(global.configFile);
  const { config } = loaded;
  const preview = await readWarehouse(config, global.dataFolder, (warehouse) =>
    previewErasure(warehouse, config, global.dataFolder, person, joined),
  );
  if (dryRun) {
    writeResult(global.json ? toJson(preview) : renderPreview(preview, screenOf().width));
    return;
  }
  // Before anything is written: without the key nothing can be.
  await loadErasureKey(config.warehouse, global.dataFolder);
  if (!yes) await confirm(preview);
  const receipt = await carryOut(person, joined, loaded, global);
  writeResult(global.json ? toJson(erasureAsJson(receipt)) : renderErasure(receipt, screenOf().width));
}

/** @throws UserError where nobody can be asked, or the answer is no. */
async function confirm(preview: ErasurePreview): Promise<void> {
  if (!process.stdin.isTTY) throw new UserError('nothing was erased: look at --dry-run first, then say --yes', { exitCode: 2 });
  writeNotice(renderPreview(preview, screenOf().width));
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Erase this person? It cannot be undone. [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('nothing was erased');
  } finally {
    terminal.close();
  }
}

/** The night up to the joining of identifiers: what of the person has arrived since the last run is then known to be theirs. */
function joiningSteps(): NightStep[] {
  const last = NIGHT_STEPS.findIndex(({ name }) => name === 'identity');
  return NIGHT_STEPS.slice(0, last + 1).map((step) => ({ ...step, name: `${step.name} (before)` }));
}

/**
 * Loads and joins what has arrived, writes the erasure down and runs the night.
 * @throws UserError saying whether it is written down, where the run fails.
 */
async function carryOut(
  person: NamedPerson,
  joined: Joined,
  { config, configFolder }: LoadedConfig,
  global: GlobalOptions,
): Promise<Erasure> {
  const { dataFolder } = global;
  keepFilesPrivate();
  // What is being written becomes complete, so that it can be looked at: by `up`, or where none runs by this process.
  if ((await callControl(dataFolder, { command: 'seal' })) === undefined) await sealAbandoned(dataFolder);
  let erasureId: string | undefined;
  const request = requestErasure(person, (id) => (erasureId = id), joined);
  const steps = [...joiningSteps(), { name: 'erasure', run: request, transaction: true }, ...NIGHT_STEPS];
  try {
    await runNight({ config, configFolder, dataFolder, steps, onProgress: showRun(progressFor(global)) });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const state =
      erasureId === undefined
        ? 'nothing was erased: ask again when this is mended'
        : `the erasure ${erasureId} is written down: the next run goes on with it`;
    throw new UserError(`${error.message}\n${state}`, {
      cause: error,
      exitCode: error.exitCode,
    });
  }
  return readWarehouse(config, dataFolder, async (warehouse) => oneOf(await readErasures(warehouse), erasureId!));
}
