import { expect, test } from 'vitest';
import { note, ok, problem, unknown } from '../../doctor/finding.ts';
import { renderFindings } from './findings.ts';
import { PLAIN } from './text.ts';

const verdict = (...findings: Parameters<typeof renderFindings>[0]) => renderFindings(findings, PLAIN).trimEnd().split('\n').at(-1);

test.each([
  [[ok('Page', 'x'), note('Browser', 'none')], 'nothing is wrong'],
  [
    [ok('Page', 'x'), unknown('Events', 'a'), unknown('Form', 'b'), unknown('Form', 'c')],
    'nothing is wrong in what was looked at; not looked at: Events, Form',
  ],
  [[problem('Page', 'x', 'y'), unknown('Tables', 'a')], '1 problem; not looked at: Tables'],
  [[problem('Page', 'x', 'y'), problem('Script', 'x', 'y')], '2 problems'],
])('%j: %s', (findings, words) => expect(verdict(...findings)).toBe(words));
