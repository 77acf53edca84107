/** Direction overrides and isolates: they reorder what a terminal shows, so that a cell could pose as another. */
const DIRECTION_CONTROLS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
/** C0 and C1 controls, DEL, and the line separators: a cell is one line. */
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;

/**
 * Makes text from outside (a campaign name, a page path) safe for a terminal: an escape sequence in a UTM parameter must
 * not move the cursor, recolour the screen or reach the clipboard. Runs of controls become one space.
 */
export function terminalText(text: string): string {
  return text.replace(DIRECTION_CONTROLS, '').replace(CONTROLS, ' ');
}

/** Text cut to a width, the cut marked with an ellipsis. */
export function truncate(text: string, width: number): string {
  const letters = Array.from(text);
  return letters.length <= width ? text : letters.slice(0, Math.max(0, width - 1)).join('') + '…';
}

/** Number of columns of a text without wide characters. */
export function displayWidth(text: string): number {
  return Array.from(text).length;
}

/** Fills a text with blanks up to a width in columns; a wider one stays as it is. */
export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

/** Emphasis on a terminal; the identity where there is none. */
export interface Emphasis {
  bold(text: string): string;
  dim(text: string): string;
}

export const PLAIN: Emphasis = { bold: (text) => text, dim: (text) => text };
const ANSI: Emphasis = { bold: (text) => `\u001B[1m${text}\u001B[22m`, dim: (text) => `\u001B[2m${text}\u001B[22m` };

/** Emphasis for a stream: only on a terminal, and not where NO_COLOR is set (https://no-color.org). */
export function emphasisFor(stream: { isTTY?: boolean }, environment: Readonly<Record<string, string | undefined>>): Emphasis {
  return stream.isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb' ? ANSI : PLAIN;
}
