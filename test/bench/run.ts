import { parseArgs } from 'node:util';
import type { Progress } from '../../pipeline/cli/progress.ts';
import type { Figure } from './figure.ts';
import { failures, type Result } from './render.ts';

/** What a bench gets: its numbers from the command line, and where it says how far it is. */
export interface BenchContext {
  readonly options: Readonly<Record<string, number>>;
  readonly progress: Progress;
}

export interface Bench {
  readonly name: string;
  /** What it measures, in a few words. */
  readonly says: string;
  /** Whole numbers that `--name N` changes, to try something out; the defaults are what counts. */
  readonly options: Readonly<Record<string, number>>;
  /** Installs what it needs and measures. */
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>;
}

export interface Surroundings {
  readonly benches: readonly Bench[];
  /** Takes the results. */
  readonly out: (text: string) => void;
  /** Takes words about wrong usage. */
  readonly err: (text: string) => void;
  /** Made once it is known whether a program listens. */
  readonly progress: (json: boolean) => Progress;
  readonly render: (results: readonly Result[], json: boolean) => string;
}

/**
 * Runs the named benches, or all, one after the other.
 * @param args `[NAME …] [--json] [--visits 100 …]`
 * @returns the exit code: 0 where all bounds hold, 1 where one does not, 2 for wrong usage.
 */
export async function runBenches(args: readonly string[], { benches, out, err, progress, render }: Surroundings): Promise<number> {
  const asked = understood(args, benches);
  if (typeof asked === 'string') {
    err(`${asked}\n\n${usage(benches)}`);
    return 2;
  }
  const shown = progress(asked.json);
  const results: Result[] = [];
  for (const { name, options, run } of asked.chosen) {
    const given = Object.fromEntries(Object.entries(options).map(([option, normal]) => [option, asked.numbers[option] ?? normal]));
    results.push({ bench: name, figures: await run({ options: given, progress: shown }) });
  }
  out(render(results, asked.json));
  return failures(results).length === 0 ? 0 : 1;
}

interface Asked {
  readonly json: boolean;
  readonly chosen: readonly Bench[];
  readonly numbers: Readonly<Record<string, number>>;
}

/** The command line, or what is wrong with it. */
function understood(args: readonly string[], benches: readonly Bench[]): Asked | string {
  const optionNames = [...new Set(benches.flatMap(({ options }) => Object.keys(options)))];
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, ...Object.fromEntries(optionNames.map((name) => [name, { type: 'string' as const }])) },
    });
  } catch (error) {
    return (error as Error).message;
  }
  const { json, ...given } = parsed.values as { json?: boolean } & Record<string, string>;
  const unknown = parsed.positionals.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown !== undefined) return `There is no bench "${unknown}".`;
  const chosen = parsed.positionals.length === 0 ? benches : benches.filter(({ name }) => parsed.positionals.includes(name));
  const foreign = Object.keys(given).find((option) => !chosen.some(({ options }) => option in options));
  if (foreign !== undefined) return `--${foreign} belongs to none of: ${chosen.map(({ name }) => name).join(', ')}.`;
  const wrong = Object.entries(given).find(([, value]) => !/^[1-9]\d{0,8}$/.test(value));
  if (wrong) return `--${wrong[0]} takes a whole number from 1, not "${wrong[1]}".`;
  return { json: json ?? false, chosen, numbers: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Number(value)])) };
}

function usage(benches: readonly Bench[]): string {
  const lines = benches.map(({ name, says, options }) => {
    const numbers = Object.entries(options).map(([option, normal]) => ` [--${option} ${normal}]`);
    return `  ${name}${numbers.join('')}   ${says}\n`;
  });
  return `npm run bench -- [NAME …] [--json]; without a name all of them run. Known:\n${lines.join('')}`;
}
