import { describe, expect, test } from 'vitest';
import { toCsv } from './csv.ts';

describe('CSV', () => {
  test('commas, quotes and line breaks are quoted as RFC 4180 says', () => {
    expect(toCsv(['campaign', 'cost'], [['a, "b"\nc', 12.5]])).toBe('campaign,cost\r\n"a, ""b""\nc",12.5\r\n');
  });

  test('nothing stands for no value', () => {
    expect(toCsv(['a', 'b', 'c'], [[null, 0, false]])).toBe('a,b,c\r\n,0,false\r\n');
  });

  test.each([
    ['=1+1', "'=1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['+cmd', "'+cmd"],
    ['-2+3', "'-2+3"],
    ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
  ])('the formula %s is neutralised', (text, written) => expect(toCsv(['x'], [[text]])).toBe(`x\r\n${written}\r\n`));

  test('numbers are left alone, as numbers and as text', () => {
    expect(toCsv(['x'], [[-5], ['-5'], ['+4.5']])).toBe('x\r\n-5\r\n-5\r\n+4.5\r\n');
  });

  test('a header is neutralised like any cell', () => {
    expect(toCsv(['=x'], [])).toBe("'=x\r\n");
  });

  test('escape sequences are taken out', () => {
    expect(toCsv(['x'], [['a\u001B[31mb\u009Bc']])).toBe('x\r\na[31mbc\r\n');
  });

  test('lists and structs become JSON', () => {
    expect(toCsv(['x'], [[['a', 'b']]])).toBe('x\r\n"[""a"",""b""]"\r\n');
  });
});
