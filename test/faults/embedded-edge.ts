import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import { storedEvent } from '../../edge/contract/event-row.ts';
import type { EventRow, FailedEventRow } from '../../edge/contract/event-row.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { pendingSegments } from '../../pipeline/embedded/landing/folders.ts';
import { type RunningEdge, startUp } from '../../pipeline/embedded/up.ts';

/** What is sent. */
export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | string;
  /** Without `Content-Length`: in two chunks. */
  readonly isChunked?: boolean;
}

/** What comes back, and what was stored for it by then. */
export interface Received {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly events: readonly EventRow[];
  readonly failed: readonly FailedEventRow[];
}

/** One event's result in an answer. */
export interface Result {
  readonly message_id: string | null;
  readonly status: string;
  readonly reason?: string;
  readonly path?: string;
}

/** The real edge in a folder of its own. */
export interface Ground {
  readonly dataFolder: string;
  readonly edge: RunningEdge;
  readonly serverKey: string;
  /** What the edge has told its operator. */
  readonly log: string[];
  /** Sends one request after the other: what lands until the answer is this request's. */
  send(sent: Sent): Promise<Received>;
  /** Ends the edge before its tests do. */
  stop(): Promise<void>;
  /** What lies on the disk. */
  landed(): Promise<string>;
}

/** Starts the edge before the tests of a file, with the browser key `demo`, and ends it after. */
export function useEdge(name: string): Ground {
  const log: string[] = [];
  const agent = new Agent({ keepAlive: true });
  let stored = '';
  let ground: Pick<Ground, 'dataFolder' | 'edge' | 'serverKey'> | undefined;
  let isRunning = true;
  const stop = async () => {
    if (isRunning) await ground?.edge.stop();
    isRunning = false;
  };
  beforeAll(async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), `touchtrail-${name}-`));
    await createKey(dataFolder, { kind: 'browser', name: 'site', key: 'demo' });
    const { key: serverKey } = await createKey(dataFolder, { kind: 'server', name: 'archive' });
    const edge = await startUp({ dataFolder, port: 0, log: (line) => log.push(line), onStored: (lines) => void (stored += lines) });
    ground = { dataFolder, edge, serverKey };
  });
  afterAll(async () => {
    agent.destroy();
    await stop();
    if (ground) await rm(ground.dataFolder, { recursive: true });
  });
  return {
    get dataFolder() {
      return ground!.dataFolder;
    },
    get edge() {
      return ground!.edge;
    },
    get serverKey() {
      return ground!.serverKey;
    },
    log,
    async send(sent) {
      stored = '';
      const answer = await exchange(ground!.edge.url, agent, sent);
      const lines = linesOf(stored);
      return {
        ...answer,
        events: lines.flatMap((line) => ('event' in line ? [storedEvent(line.event)] : [])),
        failed: lines.flatMap((line) => ('failed' in line ? [line.failed] : [])),
      };
    },
    stop,
    async landed() {
      const files = await pendingSegments(ground!.dataFolder);
      return (await Promise.all(files.map(async (file) => await readFile(file, 'utf8')))).join('');
    },
  };
}

/** The lines of segments, in their order. */
export function linesOf(text: string): LandingLine[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LandingLine]));
}

/** A client that writes what it is told to, right or wrong; nothing takes longer than this. */
const PATIENCE_MS = 20_000;

async function exchange(url: string, agent: Agent, sent: Sent): Promise<Pick<Received, 'status' | 'type' | 'text'>> {
  const { method = 'POST', path, headers = {}, body, isChunked = false } = sent;
  const bytes = body === undefined ? undefined : Buffer.from(body as string);
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        agent,
        hostname,
        port,
        method,
        path,
        timeout: PATIENCE_MS,
        headers: { ...headers, ...(bytes && !isChunked && { 'content-length': String(bytes.byteLength) }) } as Record<string, string>,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => void (text += chunk));
        response.once('end', () => resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', text }));
        response.once('error', reject);
      },
    );
    request.once('timeout', () => request.destroy(new Error(`no answer to ${method} ${path.slice(0, 100)} within ${PATIENCE_MS} ms`)));
    request.once('error', reject);
    if (!bytes) return void request.end();
    if (isChunked) request.write(bytes.subarray(0, bytes.byteLength / 2));
    request.end(isChunked ? bytes.subarray(bytes.byteLength / 2) : bytes);
  });
}
