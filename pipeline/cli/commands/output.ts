import { emphasisFor } from '../render/text.ts';
import type { Screen } from '../render/report.ts';

/** Wider than any table: what is written to a file or a pipe is neither shortened nor folded. */
const UNLIMITED = 100_000;

/** What results are rendered for: the terminal, or a file or pipe that is as wide as it needs. */
export function screenOf(stream: { isTTY?: boolean; columns?: number } = process.stdout, environment = process.env): Screen {
  return { width: stream.isTTY ? (stream.columns ?? 80) : UNLIMITED, emphasis: emphasisFor(stream, environment) };
}

/** Results, and nothing else, go to stdout. */
export function writeResult(text: string): void {
  process.stdout.write(text);
}

/** What a reader should know but a program should not read. */
export function writeNotice(text: string): void {
  process.stderr.write(`${text}\n`);
}
