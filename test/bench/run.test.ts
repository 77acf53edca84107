import { describe, expect, test } from 'vitest';
import { createProgress } from '../../pipeline/cli/progress.ts';
import { atMost, measured } from './figure.ts';
import { toJson } from './render.ts';
import { type Bench, runBenches } from './run.ts';

/** A bench whose one figure is the number it is given as `visits`, at most 10. */
function counting(name: string, ran: string[]): Bench {
  return {
    name,
    says: 'counts',
    options: { visits: 7 },
    run: async ({ options, progress }) => {
      ran.push(`${name} ${options['visits']}`);
      progress.note('half-way');
      return [measured({ name: 'count', unit: 'visits', value: options['visits']!, bound: atMost(10) })];
    },
  };
}

async function run(...args: readonly string[]) {
  const ran: string[] = [];
  let out = '';
  let err = '';
  const benches = [counting('tracker', ran), counting('edge', ran), { ...counting('slow', ran), options: {}, run: failing }];
  const stream = { write: (text: string) => ((err += text), true) };
  const code = await runBenches(args, {
    benches: args.includes('slow') ? benches : benches.slice(0, 2),
    out: (text) => (out += text),
    err: (text) => (err += text),
    progress: (json) => createProgress({ stream, json, env: {} }),
    render: (results, json) => (json ? toJson(results) : results.map(({ bench, figures }) => `${bench} ${figures[0]!.value}\n`).join('')),
  });
  return { code, out, err, ran };
}

async function failing(): Promise<never> {
  throw new Error('no browser');
}

describe('the command', () => {
  test('without a name runs all, with names these, in the order in which they are known', async () => {
    expect((await run()).ran).toEqual(['tracker 7', 'edge 7']);
    expect((await run('edge')).ran).toEqual(['edge 7']);
    expect((await run('edge', 'tracker')).ran).toEqual(['tracker 7', 'edge 7']);
  });

  test('ends with 0 where all bounds hold and with 1 where one does not', async () => {
    expect((await run('tracker', '--visits', '10')).code).toBe(0);
    expect(await run('tracker', '--visits', '11')).toMatchObject({ code: 1, out: 'tracker 11\n' });
  });

  test('puts results on stdout and progress on stderr', async () => {
    expect(await run('edge')).toMatchObject({ out: 'edge 7\n', err: 'half-way\n' });
  });

  test('gives programs one JSON document on stdout and JSON lines on stderr', async () => {
    const { code, out, err } = await run('edge', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ holds: true, benches: [{ bench: 'edge', figures: [{ value: 7, holds: true }] }] });
    expect(err).toBe('{"note":"half-way"}\n');
  });

  test.each([
    [['trakker'], 'There is no bench "trakker".'],
    [['tracker', '--visits', '0'], '--visits takes a whole number from 1, not "0".'],
    [['tracker', '--visits', 'many'], '--visits takes a whole number from 1, not "many".'],
    [['slow', '--visits', '5'], '--visits belongs to none of: slow.'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j is refused with 2, and the known benches are named', async (args, words) => {
    const { code, out, err, ran } = await run(...args);
    expect({ code, out, ran }).toEqual({ code: 2, out: '', ran: [] });
    expect(err).toContain(words);
    expect(err).toContain('  tracker [--visits 7]   counts\n  edge [--visits 7]   counts\n');
  });

  test('passes on what goes wrong inside a bench', async () => {
    await expect(run('slow')).rejects.toThrow('no browser');
  });
});
