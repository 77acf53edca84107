import { UserError } from '../config/user-error.ts';

/** The currency that the rates of the European Central Bank are for. */
export const ECB_BASE = 'EUR';

/** A file of rates in the format of the European Central Bank, as it was read. */
export interface EcbFile {
  /** Codes in the order of the columns. */
  readonly currencies: readonly string[];
  /** By date (YYYY-MM-DD), in the order of the file: units for 1 EUR, by currency; those without a rate are missing. */
  readonly days: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

const EXPECTED = 'expected the format of the European Central Bank (eurofxref-hist.csv): Date,USD,JPY,… and a row per day';
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const NO_RATE = ['', 'N/A'];

/**
 * Reads `eurofxref-hist.csv`, or the file of one day (`eurofxref.csv`), which writes its date in words. Each line may end
 * with a comma.
 * @param name of the file, for messages.
 * @throws UserError naming the line and what was expected: a rate that is wrong makes every figure wrong.
 */
export function readEcbFile(text: string, name: string): EcbFile {
  const fail = (line: number, message: string) => new UserError(`${name}:${line}: ${message}`);
  if (text.startsWith('PK')) throw new UserError(`${name}: this is the ZIP archive; unpack it, and name the CSV file in it`);
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = cellsOf(header);
  if (names[0]?.toLowerCase() !== 'date') throw fail(1, `the header is ${JSON.stringify(header.slice(0, 60))}; ${EXPECTED}`);
  const currencies = names.slice(1);
  for (const [i, code] of currencies.entries()) {
    if (!/^[A-Z]{3}$/.test(code)) throw fail(1, `column ${i + 2} is ${JSON.stringify(code)}; expected an ISO 4217 code such as USD`);
    if (currencies.indexOf(code) !== i) throw fail(1, `the column ${code} stands there twice`);
  }
  if (currencies.length === 0) throw fail(1, `there is no column of a currency; ${EXPECTED}`);
  const days = new Map<string, Map<string, number>>();
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const number = i + 2;
    const cells = cellsOf(line);
    if (cells.length !== names.length) throw fail(number, `expected ${names.length} cells as in the header, found ${cells.length}`);
    const date = dateOf(cells[0]!);
    if (date === undefined) throw fail(number, `the date is ${JSON.stringify(cells[0])}; expected one such as 2026-03-02`);
    if (days.has(date)) throw fail(number, `${date} stands there twice; which of its rates holds is not known`);
    const rates = new Map<string, number>();
    for (const [column, currency] of currencies.entries()) {
      const cell = cells[column + 1]!;
      if (NO_RATE.includes(cell)) continue;
      const rate = /^\d+(?:\.\d+)?$/.test(cell) ? Number(cell) : 0;
      if (rate === 0)
        throw fail(number, `the rate of ${currency} is ${JSON.stringify(cell)}; expected a number above 0 such as 1.0842, or N/A`);
      rates.set(currency, rate);
    }
    days.set(date, rates);
  }
  if (days.size === 0) throw new UserError(`${name}: there is no day in it; ${EXPECTED}`);
  return { currencies, days };
}

/** Cells without white space around them; a comma at the end of the line opens none. */
function cellsOf(line: string): string[] {
  const cells = line.split(',').map((cell) => cell.trim());
  return cells.length > 1 && cells.at(-1) === '' ? cells.slice(0, -1) : cells;
}

/** `2026-03-02` or `2 March 2026`, as the former; undefined where it is no date. */
function dateOf(text: string): string | undefined {
  const words = /^(\d{1,2}) ([A-Z][a-z]+) (\d{4})$/.exec(text);
  const month = words ? MONTHS.indexOf(words[2]!) + 1 : 0;
  const date = words ? `${words[3]}-${String(month).padStart(2, '0')}-${words[1]!.padStart(2, '0')}` : text;
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return undefined;
  const time = Date.parse(date);
  // Of the 30th of February, Node makes the second of March, or nothing.
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date ? undefined : date;
}

/** The text of such a file: the latest day first, as the bank writes it. */
export function writeEcbFile({ currencies, days }: EcbFile): string {
  const lines = [...days]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([date, rates]) => [date, ...currencies.map((currency) => rates.get(currency) ?? 'N/A')].join(','));
  return `${['Date', ...currencies].join(',')}\n${lines.join('\n')}\n`;
}

/** Two files as one: days of `added` replace those of `known`. */
export function mergeEcbFiles(known: EcbFile, added: EcbFile): EcbFile {
  return {
    currencies: [...new Set([...known.currencies, ...added.currencies])],
    days: new Map([...known.days, ...added.days]),
  };
}
