import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkConfig } from './check.ts';
import { looseConversionFiles } from './conversion-files.ts';
import { withoutFrontMatter } from './front-matter.ts';
import type { ConfigInput } from './schema.ts';

const project = { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'touchtrail-conversion-files-'));
  mkdirSync(path.join(folder, 'conversions'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, ...lines: string[]) => writeFileSync(path.join(folder, 'conversions', name), lines.join('\n'));
const check = (config: Partial<ConfigInput> = {}) => checkConfig({ project, ...config }, folder, 'touchtrail.config.ts');
function problemsOf(config: Partial<ConfigInput> = {}): string[] {
  try {
    check(config);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n  ').slice(1);
  }
}

test('a file of SQL with front matter is a conversion, named like the file unless it says otherwise, after those of the config', () => {
  write('opportunity.sql', '/* ---', 'label: Opportunity', 'value: money', '--- */', 'select 1');
  write(
    'b_deal.sql',
    '',
    '/* ---',
    'name: closed_won # as the reports call it',
    'label: "Closed/Won"',
    'value: money',
    'adjustmentDays: 180',
    'keepZero: true',
    'inherit: { from: opportunity, onlyMatched: true }',
    'normalize:',
    '  to: opportunity',
    '  days: 90',
    '--- */',
    'select 1',
  );
  write('lead.sql', '-- no front matter', 'select 1');
  write('notes.md', '/* ---', '--- */');
  const { conversions } = check({
    conversions: [{ name: 'lead', label: 'Lead', sql: 'conversions/lead.sql' }],
    funnel: ['lead', 'closed_won'],
  });
  expect(conversions.map(({ name }) => name)).toEqual(['lead', 'closed_won', 'opportunity']);
  expect(conversions[1]).toEqual({
    kind: 'sql',
    name: 'closed_won',
    label: 'Closed/Won',
    sql: 'conversions/b_deal.sql',
    value: 'money',
    adjustmentDays: 180,
    keepZero: true,
    maximumShrink: 0.3,
    watchHistory: true,
    inherit: { from: 'opportunity', onlyMatched: true },
    normalize: { to: 'opportunity', days: 90 },
  });
  expect(conversions[2]).toMatchObject({ kind: 'sql', adjustmentDays: 30, value: 'money' });
});

test('a file without front matter that no conversion names is loose', () => {
  write('lead.sql', 'select 1');
  write('draft.sql', '-- later', '/* ---', 'label: Draft', '--- */', 'select 1');
  const { conversions } = check({ conversions: [{ name: 'lead', label: 'Lead', sql: './conversions/../conversions/lead.sql' }] });
  expect(looseConversionFiles(folder, conversions)).toEqual(['conversions/draft.sql']);
});

/** What is wrong → the file's lines, and those of the message. */
const WRONG: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'an unknown key, by its line',
    ['/* ---', 'label: Lead', 'adjustmentDay: 14', '--- */', 'select 1'],
    ['conversions/lead.sql:3: adjustmentDay: 14: unknown key; did you mean "adjustmentDays"?'],
  ],
  [
    'a value of the wrong type inside',
    ['', '/* ---', 'label: Lead', 'inherit:', '  from: Lead', '  onlyMatched: maybe', '--- */', 'select 1'],
    [
      'conversions/lead.sql:5: inherit.from: "Lead": expected lower-case letters, digits and underscores, beginning with a letter',
      'conversions/lead.sql:6: inherit.onlyMatched: "maybe": expected a boolean',
    ],
  ],
  [
    'a missing label, at the line where the front matter begins',
    ['', '', '/* ---', 'value: money', '--- */', 'select 1'],
    ['conversions/lead.sql:3: label: missing; expected a string'],
  ],
  ['an empty one', ['/* ---', '--- */', 'select 1'], ['conversions/lead.sql:1: label: missing; expected a string']],
  [
    'the query, which is the file itself',
    ['/* ---', 'label: Lead', 'sql: lead.sql', '--- */'],
    [
      'conversions/lead.sql:3: sql: "lead.sql": unknown key; expected one of name, label, lookbackDays, margin, kind, value, adjustmentDays, keepZero, maximumShrink, watchHistory, inherit, normalize',
    ],
  ],
  ['another kind', ['/* ---', 'label: Lead', 'kind: purchase', '--- */'], ['conversions/lead.sql:3: kind: "purchase": expected "sql"']],
  [
    'no end',
    ['/* ---', 'label: Lead', '*/', 'select 1'],
    ['conversions/lead.sql:1: the front matter that begins here has no end; expected a line "--- */" before the query'],
  ],
  [
    'no YAML',
    ['/* ---', 'label: Lead', 'label: Again', '--- */', 'select 1'],
    ['conversions/lead.sql:3: no YAML: Map keys must be unique'],
  ],
  ['a list', ['/* ---', '- label: Lead', '--- */', 'select 1'], ['conversions/lead.sql:1: [{"label":"Lead"}]: expected an object']],
  [
    'a parent that does not exist, by its line',
    ['/* ---', 'label: Lead', 'inherit:', '  from: leads', '--- */', 'select 1'],
    ['conversions/lead.sql:4: inherit.from: "leads": no such conversion; there is none'],
  ],
];

test.each(WRONG)('front matter with %s', (_, lines, expected) => {
  write('lead.sql', ...lines);
  expect(problemsOf()).toEqual(expected);
});

test('the query is what stands after the front matter, on its own lines', () => {
  expect(withoutFrontMatter('\n/* ---\nlabel: Lead\n--- */ select\n  1 /* --- */')).toBe('\n\n\n select\n  1 /* --- */');
  for (const text of ['select 1', '-- a\n/* ---\nlabel: Lead\n--- */\nselect 1', '/* ---\nlabel: Lead\n*/\nselect 1'])
    expect(withoutFrontMatter(text)).toBe(text);
});

test('windows line ends count as lines', () => {
  writeFileSync(path.join(folder, 'conversions', 'lead.sql'), '\uFEFF/* ---\r\nlabel: Lead\r\nvalu: money\r\n--- */\r\nselect 1');
  expect(problemsOf()).toEqual(['conversions/lead.sql:3: valu: "money": unknown key; did you mean "value"?']);
});

test('a conversion defined in the config and by its file is refused, and so is a name twice', () => {
  write('lead.sql', '/* ---', 'name: leads', 'label: Lead', '--- */', 'select 1');
  write('other.sql', '/* ---', 'label: Lead', 'name: leads', '--- */', 'select 1');
  expect(problemsOf({ conversions: [{ name: 'lead', label: 'Lead', sql: 'conversions/lead.sql' }] })).toEqual([
    'conversions[0].sql: "conversions/lead.sql": defines a conversion itself by its front matter; expected it here or there, not in both',
    'conversions/other.sql:3: name: "leads": conversions/lead.sql:1 has the same name; expected each name once',
  ]);
});

test('a file whose name is no name needs another one', () => {
  write('Closed Won.sql', '/* ---', 'label: Won', '--- */', 'select 1');
  expect(problemsOf()).toEqual([
    'conversions/Closed Won.sql:1: name: "Closed Won": expected lower-case letters, digits and underscores, beginning with a letter',
  ]);
});
