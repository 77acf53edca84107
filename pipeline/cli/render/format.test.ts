import { describe, expect, test } from 'vitest';
import { figureFormat, timeFormat } from './format.ts';

describe('figures', () => {
  const figure = figureFormat('EUR');

  test.each([
    [1234567, 'count', '1,234,567'],
    [2.5, 'decimal', '2.50'],
    [1234.5, 'money', '€1,234.50'],
    [0.1234, 'percent', '12.3%'],
    [3.4159, 'ratio', '3.42'],
    [0, 'count', '0'],
    [null, 'ratio', '—'],
    [null, 'money', '—'],
  ] as const)('%s as %s reads %s', (value, kind, text) => expect(figure(value, kind)).toBe(text));

  test('whole amounts leave the cents out', () => {
    expect(figure(120400.49, 'money', true)).toBe('€120,400');
    expect(figure(12, 'decimal', true)).toBe('12');
  });

  test('a currency without cents has none', () => {
    expect(figureFormat('JPY')(1234.4, 'money')).toBe('¥1,234');
  });
});

describe('times', () => {
  const berlin = timeFormat('Europe/Berlin');

  test('an instant is written in the zone of the project', () => {
    expect(berlin.time('2026-03-04T13:05:09.000000Z')).toBe('Wed 4 Mar 2026 14:05');
    expect(berlin.day('2026-03-31T22:30:00.000000Z')).toBe('1 Apr 2026');
    expect(berlin.clock('2026-01-01T23:00:00.000Z')).toBe('00:00');
  });

  test('summer time counts', () => {
    expect(berlin.time('2026-09-01T12:00:00.000Z')).toBe('Tue 1 Sep 2026 14:00');
  });

  test('what is not a time is shown as it is, without controls', () => {
    expect(berlin.time('soon\u001B')).toBe('soon ');
  });
});
