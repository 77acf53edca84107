import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import { storedEvent } from '../../edge/contract/event-row.ts';
import type { EventRow, FailedEventRow } from '../../edge/contract/event-row.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { type RunningEdge, startUp } from '../../pipeline/embedded/up.ts';
import { blockOf, codeBlocks } from '../docs/markdown.ts';
import { type Gate, openGate } from './gate.ts';

/** What has landed, copies included. */
export interface Landed {
  readonly events: readonly EventRow[];
  readonly failed: readonly FailedEventRow[];
}

/** The real edge in a folder of its own, with a gate before it. */
export interface Ground {
  readonly folder: string;
  readonly dataFolder: string;
  readonly edge: RunningEdge;
  readonly gate: Gate;
  readonly browserKey: { readonly id: string; readonly key: string };
  readonly serverKey: { readonly id: string; readonly key: string };
  /** What has landed since the test began. */
  landed(): Promise<Landed>;
  /** The events of this test, once there are as many as `count` different ones and the gate has passed on what brought them. */
  eventually(count: number): Promise<readonly EventRow[]>;
}

/** Starts the edge and the gate before the tests of a file, and ends them after. */
export function useEdge(): Ground {
  let ground: Omit<Ground, 'landed' | 'eventually'> | undefined;
  let seen: Landed = { events: [], failed: [] };
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'touchtrail-clients-'));
    const dataFolder = join(folder, 'data');
    const browser = await createKey(dataFolder, { kind: 'browser', name: 'website', key: 'demo' });
    const server = await createKey(dataFolder, { kind: 'server', name: 'shop server' });
    const edge = await startUp({ dataFolder, port: 0, log: (line) => void process.stderr.write(`${line}\n`) });
    const gate = await openGate(edge.url);
    ground = {
      folder,
      dataFolder,
      edge,
      gate,
      browserKey: { id: browser.record.id, key: browser.key },
      serverKey: { id: server.record.id, key: server.key },
    };
  });
  afterAll(async () => {
    await ground?.gate.close();
    await ground?.edge.stop();
    if (ground) await rm(ground.folder, { recursive: true });
  });
  beforeEach(async () => {
    ground!.gate.clear();
    seen = await everything();
  });

  const everything = async (): Promise<Landed> => {
    await ground!.edge.seal();
    return await landedIn(ground!.dataFolder);
  };
  const landed = async (): Promise<Landed> => {
    const { events, failed } = await everything();
    return { events: events.slice(seen.events.length), failed: failed.slice(seen.failed.length) };
  };
  return {
    get folder() {
      return ground!.folder;
    },
    get dataFolder() {
      return ground!.dataFolder;
    },
    get edge() {
      return ground!.edge;
    },
    get gate() {
      return ground!.gate;
    },
    get browserKey() {
      return ground!.browserKey;
    },
    get serverKey() {
      return ground!.serverKey;
    },
    landed,
    eventually: async (count) => {
      await expect.poll(async () => distinct((await landed()).events).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
      await ground!.gate.settled();
      return distinct((await landed()).events);
    },
  };
}

/** What lies in the sealed segments, in the order of its arrival. */
export async function landedIn(dataFolder: string): Promise<Landed> {
  const sealed = join(dataFolder, 'landing', 'sealed');
  const files = (await readdir(sealed)).filter((file) => file.endsWith('.ndjson')).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(sealed, file), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n').filter(Boolean)).map((line) => JSON.parse(line) as LandingLine);
  return {
    events: lines.flatMap((line) => ('event' in line ? [storedEvent(line.event)] : [])),
    failed: lines.flatMap((line) => ('failed' in line ? [line.failed] : [])),
  };
}

/** Each event once, the first of its copies: one write key and message id are one event. */
export function distinct(events: readonly EventRow[]): readonly EventRow[] {
  const first = new Map<string, EventRow>();
  for (const event of events) {
    const id = JSON.stringify([event.write_key_id, event.message_id]);
    if (!first.has(id)) first.set(id, event);
  }
  return [...first.values()];
}

/** Imports a module of a page of the documentation, with this edge and key in place of the example's. */
export async function documentedModule<Module>(
  ground: Ground,
  page: string,
  info: string,
  address: readonly [from: string, to: string][],
): Promise<Module> {
  let code = blockOf(await codeBlocks(page), info);
  for (const [from, to] of [...address, ['process.env.TOUCHTRAIL_SERVER_KEY!', `'${ground.serverKey.key}'`] as const]) {
    expect(code).toContain(from);
    code = code.replace(from, to);
  }
  const file = join(ground.folder, `${info.replace(' ', '-')}.ts`);
  await writeFile(join(ground.folder, 'package.json'), '{ "type": "module" }');
  await symlink(join(import.meta.dirname, '..', 'node_modules'), join(ground.folder, 'node_modules'));
  await writeFile(file, code);
  return (await import(file)) as Module;
}
