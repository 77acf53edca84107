import { describe, expect, test } from 'vitest';
import { emphasisFor, pad, terminalText, truncate } from './text.ts';

describe('text for a terminal', () => {
  test('an escape sequence in a campaign name loses its power', () => {
    expect(terminalText('Brand\u001B[2J\u001B]0;owned\u0007 EU')).toBe('Brand [2J ]0;owned  EU');
  });

  test('8-bit controls, line breaks and direction overrides are gone', () => {
    expect(terminalText('a\u009B31mb\r\nc\u2028d\u202Ee')).toBe('a 31mb c de');
  });

  test('ordinary text stays as it is', () => {
    expect(terminalText('Größe – 東京 ✓')).toBe('Größe – 東京 ✓');
  });

  test('a cut is marked', () => {
    expect(truncate('Paid Search', 11)).toBe('Paid Search');
    expect(truncate('Paid Search', 6)).toBe('Paid …');
  });

  test('numbers align at the right, words at the left', () => {
    expect(pad('12', 5, 'right')).toBe('   12');
    expect(pad('ab', 5, 'left')).toBe('ab   ');
  });

  test('emphasis needs a terminal and respects NO_COLOR', () => {
    expect(emphasisFor({ isTTY: true }, {}).bold('x')).toBe('\u001B[1mx\u001B[22m');
    expect(emphasisFor({ isTTY: true }, { NO_COLOR: '1' }).bold('x')).toBe('x');
    expect(emphasisFor({ isTTY: false }, {}).bold('x')).toBe('x');
  });
});
