/**
 * The whole way in one command: eight months of a fictional company's traffic go through the edge, the warehouse and the
 * pipeline, and come out as the tables a marketer reads in the morning.
 *
 *   node examples/demo/demo.ts [--exit] [--port N] [--folder F]
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { createProgress } from '../../pipeline/cli/progress.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { batches, countDeliveries } from '../../test/simulator/messages.ts';
import { simulate } from '../../test/simulator/simulate.ts';
import { STORY_EMAIL } from '../../test/simulator/story.ts';
import { type DemoPlace, placeIn, prepare } from './place.ts';
import { replay } from './replay.ts';
import { expectFreePort } from './port.ts';
import { DemoError, startUp, touchtrail } from './touchtrail.ts';
import { yourTurn } from './your-turn.ts';

const HISTORY = ['--from', '2025-11-01', '--to', '2026-06-30'];

const interrupted = new AbortController();
/** What is running, to be ended in the opposite order. */
const running: { stop(): Promise<void> }[] = [];

function heading(title: string, ...explanation: readonly string[]): void {
  process.stdout.write(`\n${title}\n${'─'.repeat(title.length)}\n${explanation.map((line) => `${line}\n`).join('')}\n`);
}

function options(): { exit: boolean; port: number; place: DemoPlace } {
  try {
    const { values } = parseArgs({
      options: { exit: { type: 'boolean', default: false }, port: { type: 'string' }, folder: { type: 'string' } },
    });
    // Whoever only looks at the tables does not care for the port; whoever stays wants the one of the documentation.
    const port = values.port === undefined ? (values.exit ? 0 : 8787) : Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new TypeError(`--port ${values.port}: expected a number from 0 to 65535`);
    return { exit: values.exit, port, place: placeIn(values.folder) };
  } catch (error) {
    throw new DemoError(`${(error as Error).message}\nusage: npm run demo -- [--exit] [--port N] [--folder F]`, 2);
  }
}

async function replayHistory(edgeUrl: string, key: string): Promise<void> {
  const progress = createProgress();
  const simulation = progress.begin('simulating the visitors of Fernhill, a fictional B2B company');
  const world = simulate();
  simulation.done(`${world.devices.length.toLocaleString('en')} visitors`);
  await replay(batches(world), { url: edgeUrl, key, total: countDeliveries(world), progress, signal: interrupted.signal });
}

const show = async (...args: readonly string[]) => await touchtrail(args, interrupted.signal);

async function showTables(place: readonly string[]): Promise<void> {
  heading(
    'From lead to closed deal, by channel',
    'Each stage is credited to the first click that led to the lead.',
    'Follow a row to the right: who brings many leads need not bring the deals.',
  );
  await show('funnel', ...HISTORY, '--model', 'first_click', ...place);

  heading(
    'Closed revenue: first click against last significant click',
    'The same deals twice: credited to what began the journey, and to the last visit before the lead that was not direct.',
    'ROAS is revenue per euro of ad cost.',
  );
  const models = ['--model', 'first_click,last_significant_click'];
  const metrics = ['--metrics', 'cost,conversions,conversion_value,roas'];
  await show('report', ...HISTORY, '--conversion', 'closed_won', ...models, ...metrics, ...place);

  heading(
    'One journey: from the ad click in December to 50,000 EUR in June',
    'Two devices, joined by the address hash in a newsletter link.',
  );
  await show('journey', '--email', STORY_EMAIL, ...place);
}

async function stopAll(): Promise<void> {
  for (const part of running.splice(0).toReversed()) await part.stop();
}

async function main(): Promise<void> {
  const { exit, port, place } = options();
  // Before what an earlier demonstration left is removed.
  if (port !== 0) await expectFreePort(port);
  await prepare(place);
  await createKey(place.data, { kind: 'browser', name: 'website', key: 'demo' });
  const { key } = await createKey(place.data, { kind: 'server', name: 'history import' });

  const where = ['--data', place.data, '--config', place.config];
  const up = await startUp('--port', String(port), '--dashboard-port', String(port === 0 ? 0 : port + 1), ...where);
  running.push(up);
  await replayHistory(up.url, key);
  await show('run', ...where);
  await showTables(where);
  if (exit) return;
  const { site, text } = await yourTurn(place, up.url, port === 0 ? 0 : port + 2);
  running.push(site);
  heading('Your turn');
  process.stdout.write(text);
  if (!interrupted.signal.aborted) await once(interrupted.signal, 'abort');
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
// Whoever reads the tables may stop reading, as `head` does: then the demonstration is over.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    interrupted.abort();
  });
}
try {
  await main();
} catch (error) {
  if (interrupted.signal.aborted) process.exitCode = 130;
  else {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof DemoError ? error.exitCode : 1;
  }
} finally {
  await stopAll();
}
