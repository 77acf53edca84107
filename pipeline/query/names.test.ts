import { describe, expect, test } from 'vitest';
import { unknownName } from './names.ts';

describe('an unknown name', () => {
  test('is answered with the nearest known one and the whole list', () => {
    expect(unknownName('conversion', 'close_won', ['lead', 'closed_won'])).toBe(
      'unknown conversion "close_won", did you mean "closed_won"? (known: lead, closed_won)',
    );
  });

  test('that resembles nothing gets the list alone', () => {
    expect(unknownName('model', 'xyz', ['first_click', 'last_click'])).toBe('unknown model "xyz"; known: first_click, last_click');
  });

  test('where nothing is known says so', () => {
    expect(unknownName('conversion', 'lead', [])).toBe('unknown conversion "lead"; no conversion is known');
  });
});
