import type { Finding } from '../../doctor/finding.ts';
import { displayWidth, type Emphasis, pad, terminalText } from './text.ts';

const MARKS: Readonly<Record<Finding['status'], string>> = { ok: 'ok', problem: 'PROBLEM', note: 'note', unknown: '?' };
const MARK_WIDTH = 7;

/** One line for each finding, with what to run below it, and a verdict. */
export function renderFindings(findings: readonly Finding[], emphasis: Emphasis): string {
  const width = Math.max(...findings.map(({ subject }) => displayWidth(subject)));
  const lines = findings.flatMap(({ subject, status, says, remedy }) => {
    const mark = pad(MARKS[status], MARK_WIDTH, 'left');
    const line = `${status === 'problem' ? emphasis.bold(mark) : mark}  ${pad(subject, width, 'left')}  ${terminalText(says)}`;
    return remedy === undefined ? [line] : [line, `${' '.repeat(MARK_WIDTH + width + 4)}→ ${terminalText(remedy)}`];
  });
  const problems = findings.filter(({ status }) => status === 'problem').length;
  const unseen = [...new Set(findings.filter(({ status }) => status === 'unknown').map(({ subject }) => subject))];
  const notLooked = unseen.length === 0 ? '' : `; not looked at: ${unseen.join(', ')}`;
  const nothing = notLooked === '' ? 'nothing is wrong' : 'nothing is wrong in what was looked at';
  const verdict = (problems === 0 ? nothing : problems === 1 ? '1 problem' : `${problems} problems`) + notLooked;
  return `${lines.join('\n')}\n\n${emphasis.bold(verdict)}\n`;
}
