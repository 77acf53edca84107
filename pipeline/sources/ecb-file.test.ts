import { describe, expect, test } from 'vitest';
import { crossRates } from '../models/rates/cross-rates.ts';
import { mergeEcbFiles, readEcbFile, writeEcbFile } from './ecb-file.ts';

const read = (text: string) =>
  Object.fromEntries([...readEcbFile(text, 'rates.csv').days].map(([date, rates]) => [date, Object.fromEntries(rates)]));

describe('a file of the European Central Bank', () => {
  test('is read as it is published: commas at the ends of lines, N/A, any line end', () => {
    expect(read('Date,USD,JPY,BGN,\r\n2026-03-03,1.0842,162.5,N/A,\r\n2026-03-02,1.1,N/A,1.9558,\r\n')).toEqual({
      '2026-03-03': { USD: 1.0842, JPY: 162.5 },
      '2026-03-02': { USD: 1.1, BGN: 1.9558 },
    });
  });

  test('of one day writes its date in words, and blanks behind commas', () => {
    expect(read('Date, USD, JPY, \n2 March 2026, 1.0842, 162.50, \n')).toEqual({ '2026-03-02': { USD: 1.0842, JPY: 162.5 } });
  });

  test.each([
    ['', /^rates\.csv:1: the header is ""; expected the format of the European Central Bank/],
    ['date;USD\n', /^rates\.csv:1: the header is "date;USD"/],
    ['PK\u0003\u0004', /^rates\.csv: this is the ZIP archive; unpack it/],
    ['Date\n2026-03-02\n', /^rates\.csv:1: there is no column of a currency/],
    ['Date,Dollar\n', /^rates\.csv:1: column 2 is "Dollar"; expected an ISO 4217 code/],
    ['Date,USD,USD\n', /^rates\.csv:1: the column USD stands there twice/],
    ['Date,USD\n', /^rates\.csv: there is no day in it/],
    ['Date,USD\n2026-03-02,1,2\n', /^rates\.csv:2: expected 2 cells as in the header, found 3/],
    ['Date,USD\n2026-02-30,1\n', /^rates\.csv:2: the date is "2026-02-30"; expected one such as 2026-03-02/],
    ['Date,USD\n02.03.2026,1\n', /^rates\.csv:2: the date is "02\.03\.2026"/],
    ['Date,USD\n2026-03-02,1\n\n2026-03-02,1\n', /^rates\.csv:4: 2026-03-02 stands there twice/],
    ['Date,USD\n2026-03-02,0\n', /^rates\.csv:2: the rate of USD is "0"; expected a number above 0/],
    ['Date,USD\n2026-03-02,1e3\n', /^rates\.csv:2: the rate of USD is "1e3"/],
    ['Date,USD\n2026-03-02,-1\n', /^rates\.csv:2: the rate of USD is "-1"/],
  ])('%j is refused, naming the line', (text, message) => {
    expect(() => readEcbFile(text, 'rates.csv')).toThrow(message);
  });

  test('takes the days of another one, which replace its own, and is written with the latest day first', () => {
    const known = readEcbFile('Date,USD\n2026-03-01,2\n2026-03-02,1\n', 'a');
    const added = readEcbFile('Date,JPY,USD\n2026-03-03,160,1.5\n2026-03-02,N/A,1.25\n', 'b');
    expect(writeEcbFile(mergeEcbFiles(known, added))).toBe('Date,USD,JPY\n2026-03-03,1.5,160\n2026-03-02,1.25,N/A\n2026-03-01,2,N/A\n');
  });
});

const rate = (date: string, currency: string, units: number) => ({ date, currency, rate: units });

describe('rates to the currency of a project', () => {
  const published = [rate('2026-03-02', 'USD', 1.25), rate('2026-03-02', 'JPY', 160), rate('2026-03-03', 'JPY', 161)];

  test('are those published, where it is the base', () => {
    expect(crossRates(published, 'EUR', 'EUR')).toEqual(published);
  });

  test('go through the base, to 12 significant digits; a day without its own rate has none', () => {
    expect(crossRates(published, 'EUR', 'USD')).toEqual([rate('2026-03-02', 'JPY', 128), rate('2026-03-02', 'EUR', 0.8)]);
    // 1 / 161 = 0.0062111801242236…
    expect(crossRates(published, 'EUR', 'JPY').at(-1)).toEqual(rate('2026-03-03', 'EUR', 0.006_211_180_124_22));
    expect(crossRates(published, 'EUR', 'CHF')).toEqual([]);
  });
});
