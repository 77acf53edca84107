import type { WriteStream } from 'node:tty';

/** Shows how far something is; never on stdout, which belongs to results. */
export interface Progress {
  /** Begins a task. @param total how many units it has, where that is known. */
  begin(label: string, total?: number): Task;
  /** A line that stays. */
  note(text: string): void;
}

export interface Task {
  /** @param done units finished so far. @param note what stands behind the bar. */
  advance(done: number, note?: string): void;
  done(note?: string): void;
  fail(note?: string): void;
}

export interface ProgressOptions {
  /** Default: stderr. */
  readonly stream?: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };
  /** One JSON object per line, for programs. */
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds from any fixed point; limits how often the bar is drawn. */
  readonly clock?: () => number;
}

/**
 * The one progress display, in three renderings: a bar on one line of a terminal; plain lines, one every tenth, where
 * stderr is no terminal or `CI` is set; JSON lines with `--json`. `--quiet` shows nothing, `NO_COLOR` no colours.
 */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { stream = process.stderr, json = false, quiet = false, env = process.env, clock = () => performance.now() } = options;
  const line = (text: string): void => void stream.write(`${text}\n`);
  if (quiet) return silent;
  if (json) return jsonLines(line);
  if (stream.isTTY !== true || (env['CI'] ?? '') !== '' || env['TERM'] === 'dumb') return plainLines(line);
  return terminal(stream, (env['NO_COLOR'] ?? '') === '', clock);
}

const silent: Progress = { begin: () => ({ advance: () => {}, done: () => {}, fail: () => {} }), note: () => {} };

function jsonLines(line: (text: string) => void): Progress {
  const tell = (content: object): void => line(JSON.stringify(content));
  return {
    begin: (task, total) => {
      const every = tenths(total);
      tell({ task, status: 'begun', ...(total !== undefined && { total }) });
      return {
        advance: (done, note) =>
          every(done) && tell({ task, status: 'running', done, ...(total !== undefined && { total }), ...withNote(note) }),
        done: (note) => tell({ task, status: 'done', ...withNote(note) }),
        fail: (note) => tell({ task, status: 'failed', ...withNote(note) }),
      };
    },
    note: (text) => tell({ note: text }),
  };
}

const withNote = (note: string | undefined): object => (note === undefined ? {} : { note });

function plainLines(line: (text: string) => void): Progress {
  return {
    begin: (label, total) => {
      const every = tenths(total);
      const tell = (text: string, note?: string): void => line(`${label}: ${text}${note ? ` (${note})` : ''}`);
      return {
        advance: (done, note) => total !== undefined && every(done) && tell(`${percent(done, total)} %`, note),
        done: (note) => tell('done', note),
        fail: (note) => tell('failed', note),
      };
    },
    note: line,
  };
}

/** True each time another tenth of the total is reached; without a total never. */
function tenths(total: number | undefined): (done: number) => boolean {
  let told = 0;
  return (done) => {
    const reached = total === undefined || total === 0 ? 0 : Math.floor((10 * done) / total);
    if (reached <= told || reached >= 10) return false;
    told = reached;
    return true;
  };
}

const percent = (done: number, total: number): number => (total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total)));

const BAR_WIDTH = 24;
const DRAW_EVERY_MILLISECONDS = 80;

function terminal(stream: NonNullable<ProgressOptions['stream']>, colours: boolean, clock: () => number): Progress {
  const paint = (code: number, text: string): string => (colours ? `\u001B[${code}m${text}\u001B[0m` : text);
  const width = stream.columns ?? 80;
  let current = '';
  const draw = (text: string): void => {
    // A line as wide as the terminal would wrap, and the next drawing would start below it.
    current = text.length < width ? text : `${text.slice(0, width - 2)}…`;
    stream.write(`\r\u001B[2K${current}`);
  };
  const keep = (text: string): void => {
    stream.write(`\r\u001B[2K${text}\n`);
    if (current !== '') stream.write(current);
  };
  const end = (text: string): void => {
    current = '';
    keep(text);
  };
  return {
    begin: (label, total) => {
      let drawnAt = -Infinity;
      draw(`  ${label} …`);
      return {
        advance: (done, note) => {
          if (clock() - drawnAt < DRAW_EVERY_MILLISECONDS) return;
          drawnAt = clock();
          const filled = total === undefined ? 0 : Math.round((BAR_WIDTH * percent(done, total)) / 100);
          const bar =
            total === undefined
              ? '…'
              : `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${String(percent(done, total)).padStart(3)} %`;
          draw(`  ${label} ${bar}${note ? `  ${note}` : ''}`);
        },
        done: (note) => end(`${paint(32, '✔')} ${label}${note ? paint(2, `  ${note}`) : ''}`),
        fail: (note) => end(`${paint(31, '✖')} ${label}${note ? `  ${note}` : ''}`),
      };
    },
    note: keep,
  };
}
