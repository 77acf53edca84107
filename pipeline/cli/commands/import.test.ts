import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json as jsonOf } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Config } from '../../config/schema.ts';
import { serveControl } from '../../embedded/control.ts';
import { createKey, listKeys } from '../../embedded/keys.ts';
import { SegmentWriter } from '../../embedded/landing/segment-writer.ts';
import { registerImport } from './import.ts';
import { openTarget, type TargetOptions } from './import-target.ts';
import { run } from './testing/run-command.ts';

let folder: string;
let data: string;
let config: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-import-command-'));
  data = path.join(folder, 'data');
  config = path.join(folder, 'touchtrail.config.ts');
  await writeFile(config, "export default { project: { name: 'Shop', timeZone: 'Europe/Berlin', currency: 'EUR' } };\n");
});
afterEach(async () => {
  process.exitCode = undefined;
  await rm(folder, { recursive: true });
});

const file = async (name: string, text: string): Promise<string> => {
  await writeFile(path.join(folder, name), text);
  return path.join(folder, name);
};
const importing = async (...args: string[]) => await run(registerImport, data, ['import', ...args, '--config', config]);
const resume = async (...args: string[]) => await importing(...args, '--edge', '--resume');
const CSV =
  'anonymous_id,timestamp,url,color\nv1,2026-01-05T08:00:00Z,https://a.example/,red\nv2,soon,/,blue\nv3,2026-01-05T23:30:00Z,/b,\n';

describe('what does not fit is said before anything is done', () => {
  test.each([
    [[], 'expected files or folders to import'],
    [['x.csv'], '--format is missing; expected one of csv, ndjson, segment, ga4'],
    [['x.csv', '--format', 'csv'], 'x.csv: there is no such file or folder'],
    [['x.csv', '--format', 'segment', '--mapping', 'm.json'], '--mapping is for csv and ndjson; segment needs none'],
    [['x.csv', '--format', 'csv', '--bigquery', 'p.d'], 'either files or --bigquery'],
    [['--format', 'csv', '--bigquery', 'p.d'], 'expected --format ga4, not csv'],
    [['--bigquery', 'nothing'], '--bigquery nothing: expected project.dataset'],
    [['x.csv', '--format', 'csv', '--from', '1.1.2026'], '--from 1.1.2026: expected a date as YYYY-MM-DD'],
    [['x.csv', '--format', 'csv', '--from', '2026-02-01', '--to', '2026-01-01'], 'lies after --to'],
    [['x.csv', '--format', 'csv', '--dry-run', '--resume'], '--resume and --dry-run'],
  ])('%j: %s', async (args, message) => {
    await expect(importing(...args)).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual(['touchtrail.config.ts']);
  });

  test('a column that is not there, with the one that was meant', async () => {
    const visits = await file('visits.csv', CSV);
    const mapping = await file('map.json', JSON.stringify({ fields: { anonymousId: 'anonymous_id', timestamp: 'timestmp', url: 'url' } }));
    await expect(importing(visits, '--format', 'csv', '--mapping', mapping)).rejects.toThrow(
      'has no column "timestmp"; did you mean "timestamp"?',
    );
  });

  test('a CSV file whose header cannot be read, or that has none, with its name', async () => {
    const latin = path.join(folder, 'latin.csv');
    await writeFile(latin, Buffer.from('anonymous_id;timestamp;stra\xdfe\nv1;2026-01-05;x\n', 'latin1'));
    await expect(importing(latin, '--format', 'csv')).rejects.toMatchObject({
      message: expect.stringMatching(/latin\.csv: the text is not UTF-8.*expected UTF-8/) as string,
      exitCode: 2,
    });
    const open = await file('open.csv', 'anonymous_id,"timestamp\nv1,2026-01-05\n');
    await expect(importing(open, '--format', 'csv')).rejects.toThrow(/open\.csv:1: a quote is opened/);
    const empty = await file('empty.csv', '\n');
    await expect(importing(empty, '--format', 'csv')).rejects.toThrow(
      /empty\.csv: the file is empty; expected a header with the names of the columns/,
    );
    const json = await file('export.json', '{"event_name": "page_view", "user_pseudo_id": "1.2"}\n');
    await expect(importing(json, '--format', 'csv')).rejects.toThrow(
      /export\.json: this is JSON, not CSV; expected --format ndjson, segment or ga4/,
    );
  });
});

describe('with --resume', () => {
  let edge: Server;
  let taken: string[];
  beforeEach(async () => {
    taken = [];
    edge = createServer((request, response) => {
      void jsonOf(request.pipe(createGunzip())).then((body) => {
        const { batch } = body as { batch: { messageId: string }[] };
        taken.push(...batch.map(({ messageId }) => messageId));
        response.end(JSON.stringify({ results: batch.map(() => ({ status: 'ok' })) }));
      });
    }).listen(0, '127.0.0.1');
    await once(edge, 'listening');
    const url = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`;
    await writeFile(config, `export default { project: { name: 'S', timeZone: 'UTC', currency: 'EUR' }, edge: { url: '${url}' } };\n`);
    process.env['TOUCHTRAIL_SERVER_KEY'] = 'sk_of-the-deployed-edge';
  });
  afterEach(async () => {
    delete process.env['TOUCHTRAIL_SERVER_KEY'];
    edge.closeAllConnections();
    edge.close();
    await once(edge, 'close');
  });

  test('an import that was killed before it had noted anything begins, and one that is complete stays as it is', async () => {
    const archive = await file(
      'a.ndjson',
      '{"type":"page","messageId":"m1","anonymousId":"v","timestamp":"2026-01-05T08:00:00Z"}\nbroken\n',
    );
    const args = [archive, '--format', 'segment'];
    const begun = await resume(...args);
    expect(begun.stderr).toContain('no import of the same files with the same options has been noted yet: it begins');
    expect(begun.stdout).toMatch(/^imported 1 event of 2 records\n/);
    expect(taken).toEqual(['m1']);

    const [id] = (await readdir(path.join(data, 'imports'))).filter((name) => /^\d{8}T/.test(name));
    const again = await resume(...args);
    expect(again.stderr).toContain(`this import is complete (${path.join(data, 'imports', id!)}): there is nothing left to do`);
    expect(again.stdout).toMatch(/^imported 1 event of 2 records\n/);
    expect([taken, process.exitCode]).toEqual([['m1'], undefined]);
    expect((await readdir(path.join(data, 'imports'))).filter((name) => /^\d{8}T/.test(name))).toEqual([id]);

    // A folder that was made, and the journal not written.
    await rm(path.join(data, 'imports', id!), { recursive: true });
    await mkdir(path.join(data, 'imports', id!));
    await writeFile(path.join(data, 'imports', id!, 'journal.ndjson'), '{"identi');
    await resume(...args);
    expect(taken).toEqual(['m1', 'm1']);
  });

  test('a file that has changed in between is named, and nothing is sent', async () => {
    const archive = await file('a.ndjson', '{"type":"page","messageId":"m1","anonymousId":"v","timestamp":"2026-01-05T08:00:00Z"}\n');
    await resume(archive, '--format', 'segment');
    await writeFile(archive, '{}\n');
    await expect(resume(archive, '--format', 'segment')).rejects.toThrow('a.ndjson has changed since the import began');
    expect(taken).toEqual(['m1']);
  });

  test('and without, an import that has ended leaves no lock of its own', async () => {
    for (const i of [1, 2]) {
      const event = { type: 'page', messageId: `m${i}`, anonymousId: 'v', timestamp: '2026-01-05T08:00:00Z' };
      await importing(await file(`${i}.ndjson`, JSON.stringify(event)), '--format', 'segment', '--edge');
    }
    expect((await readdir(path.join(data, 'imports'))).filter((name) => name.endsWith('.lock'))).toEqual(['imports.lock']);
  });
});

describe('a dry run', () => {
  test('needs no config, sends nothing, and makes no data folder', async () => {
    const visits = await file('visits.csv', CSV);
    await rm(config);
    const { stdout } = await run(registerImport, data, ['import', visits, '--format', 'csv', '--dry-run', '--quiet']);
    expect(stdout).toContain(
      'would import 2 events of 3 records; nothing was sent\n  2  page\n  1  rejected\nfrom 2026-01-05T08:00:00Z to 2026-01-05T23:30:00Z\n',
    );
    expect(stdout).toContain('columns that the mapping does not read: color\n');
    expect(stdout).toContain(`${visits}:3: timestamp: "soon": expected a time`);
    expect(await readdir(folder)).toEqual(['visits.csv']);
  });

  test('days are those of the project', async () => {
    const visits = await file('visits.csv', CSV);
    const { stdout } = await importing(
      visits,
      '--format',
      'csv',
      '--dry-run',
      '--quiet',
      '--json',
      '--from',
      '2026-01-06',
      '--to',
      '2026-01-06',
    );
    // Half past midnight in Berlin.
    expect(JSON.parse(stdout)).toMatchObject({
      dry_run: true,
      stored: 1,
      left_out: { 'outside of --from and --to': 1 },
      first: '2026-01-05T23:30:00Z',
      events: [{ anonymousId: 'v3', context: { page: { url: '/b' } } }],
      unmapped: ['color'],
      problems: [{ file: visits, line: 3, path: 'timestamp' }],
    });
    expect(process.exitCode).toBeUndefined();
  });

  test('of nothing that can be imported ends with 1', async () => {
    await importing(await file('a.ndjson', 'no json\n'), '--format', 'segment', '--dry-run', '--quiet');
    expect(process.exitCode).toBe(1);
  });
});

describe('the edge of an import', () => {
  const project = { name: 'Shop', timeZone: 'UTC', currency: 'EUR' };
  const bigQuery = { type: 'bigquery', project: 'p', dataset: 'd' };
  const target = async (input: object, more: Partial<TargetOptions> = {}) =>
    await openTarget({
      config: Config.parse({ project, ...input }),
      dataFolder: data,
      edge: undefined,
      storesAs: undefined,
      environment: {},
      log: () => {},
      ...more,
    });
  const environment = { TOUCHTRAIL_SERVER_KEY: ' sk_secret ' };

  test('is the deployed one where the warehouse is BigQuery, or where that is asked for', async () => {
    const edge = { url: 'https://www.example.com/t/' };
    const expected = { url: 'https://www.example.com/t', key: 'sk_secret', compress: true };
    expect(await target({ warehouse: bigQuery, edge }, { environment })).toMatchObject(expected);
    expect(await target({ edge }, { environment, edge: true })).toMatchObject(expected);
    await expect(target({ warehouse: bigQuery }, { environment })).rejects.toThrow('set edge.url');
    await expect(target({ warehouse: bigQuery, edge })).rejects.toThrow('TOUCHTRAIL_SERVER_KEY is not set');
    await expect(target({ warehouse: bigQuery, edge }, { environment, storesAs: 'website' })).rejects.toThrow('--source website');
    await expect(target({ warehouse: bigQuery, edge }, { edge: false })).rejects.toThrow('--no-edge');
  });

  test('is the up that serves the data folder, which learns of the new key', async () => {
    const { record } = await createKey(data, { kind: 'browser', name: 'website' });
    const asked: string[] = [];
    const control = await serveControl(data, {
      status: async () => (asked.push('status'), { pid: 1, url: 'http://127.0.0.1:8787' }),
      'reload-keys': async () => void asked.push('reload-keys'),
    });
    try {
      const first = await target({});
      expect(first).toMatchObject({ url: 'http://127.0.0.1:8787', compress: false, trackingSince: Date.parse(record.created_at) });
      expect((await target({})).key).toBe(first.key);
    } finally {
      await control.close();
    }
    expect(asked).toEqual(['status', 'reload-keys', 'status']);
    expect((await listKeys(data)).map(({ name }) => name)).toEqual(['website', 'import']);
  });

  test('is none of its own while another import has one: said as what it may be', async () => {
    const other = await SegmentWriter.open(data);
    try {
      await expect(target({})).rejects.toThrow(/Another process already writes events to .*"touchtrail up".*or an import/);
    } finally {
      await other.close();
    }
  });
});
