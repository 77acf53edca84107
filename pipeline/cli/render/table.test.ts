import { describe, expect, test } from 'vitest';
import { renderTable } from './table.ts';

const lines = (text: string) => text.split('\n').slice(0, -1);

describe('a table', () => {
  test('has numbers at the right, words at the left and the total below a rule', () => {
    const text = renderTable({
      columns: [
        { header: 'Channel', align: 'left' },
        { header: 'Sessions', align: 'right' },
      ],
      rows: [
        ['Paid Search', '1,204'],
        ['Email', '87'],
      ],
      footer: [['Total', '1,291']],
      width: 80,
    });
    expect(lines(text)).toEqual([
      'Channel      Sessions',
      '───────────  ────────',
      'Paid Search     1,204',
      'Email              87',
      '───────────  ────────',
      'Total           1,291',
    ]);
  });

  test('groups its columns under a heading', () => {
    const text = renderTable({
      columns: [
        { header: 'Channel', align: 'left' },
        { header: 'Conversions', align: 'right', group: 'First click' },
        { header: 'ROAS', align: 'right', group: 'First click' },
        { header: 'ROAS', align: 'right', group: 'Last click' },
      ],
      rows: [['Email', '2.00', '1.50', '—']],
      width: 80,
    });
    expect(lines(text)).toEqual([
      '         ── First click ──  Last click',
      'Channel  Conversions  ROAS        ROAS',
      '───────  ───────────  ────  ──────────',
      'Email           2.00  1.50           —',
    ]);
  });

  test('shortens its widest words to the width of the terminal, never a number', () => {
    const text = renderTable({
      columns: [
        { header: 'Campaign', align: 'left' },
        { header: 'Cost', align: 'right' },
      ],
      rows: [['Spring 2026 field crews', '€1,000,000.00']],
      width: 33,
    });
    expect(lines(text)[2]).toBe('Spring 2026 field…  €1,000,000.00');
  });

  test('keeps sixteen characters of a word and all of a number where the terminal is too narrow for both', () => {
    const text = renderTable({
      columns: [
        { header: 'Campaign', align: 'left' },
        { header: 'Cost', align: 'right' },
      ],
      rows: [['Spring 2026 field crews', '€1,000,000.00']],
      width: 10,
    });
    expect(lines(text)[2]).toBe('Spring 2026 fie…  €1,000,000.00');
  });

  test('never shortens two words to the same', () => {
    const text = renderTable({
      columns: [
        { header: 'Campaign', align: 'left' },
        { header: 'Cost', align: 'right' },
      ],
      rows: [
        ['Scheduling Software DACH', '€1'],
        ['Scheduling Software UK', '€2'],
      ],
      width: 22,
    });
    expect(lines(text).slice(2)).toEqual(['Scheduling Software D…    €1', 'Scheduling Software UK    €2']);
  });

  test('is folded where the terminal is too narrow: each block names the rows again, and a group stays whole', () => {
    const text = renderTable({
      columns: [
        { header: 'Channel', align: 'left' },
        { header: 'Count', align: 'right', group: 'First click' },
        { header: 'Value', align: 'right', group: 'First click' },
        { header: 'Count', align: 'right', group: 'Last click' },
        { header: 'Value', align: 'right', group: 'Last click' },
      ],
      rows: [['Organic Search', '1', '€2', '3', '€4']],
      footer: [['Total', '1', '€2', '3', '€4']],
      width: 30,
    });
    expect(lines(text)).toEqual([
      '                 First click',
      'Channel         Count  Value',
      '──────────────  ─────  ─────',
      'Organic Search      1     €2',
      '──────────────  ─────  ─────',
      'Total               1     €2',
      '',
      '                  Last click',
      'Channel         Count  Value',
      '──────────────  ─────  ─────',
      'Organic Search      3     €4',
      '──────────────  ─────  ─────',
      'Total               3     €4',
    ]);
  });

  test('takes escape sequences out of its cells', () => {
    const text = renderTable({ columns: [{ header: 'Source', align: 'left' }], rows: [['a\u001B[2Jb']], width: 80 });
    expect(text).not.toContain('\u001B');
  });

  test('of no rows is its header', () => {
    expect(lines(renderTable({ columns: [{ header: 'Channel', align: 'left' }], rows: [], width: 80 }))).toEqual(['Channel', '───────']);
  });
});
