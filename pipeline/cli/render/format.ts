import * as format from '../../query/format.ts';
import { terminalText } from './text.ts';

export { EMPTY, type FigureKind, figureFormat } from '../../query/format.ts';

/** {@link format.timeFormat} for a terminal: a text that is no instant is written so that it does no harm there. */
export function timeFormat(timeZone: string): ReturnType<typeof format.timeFormat> {
  return format.timeFormat(timeZone, terminalText);
}
