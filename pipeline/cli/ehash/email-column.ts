import { UserError } from '../../config/user-error.ts';

/** Names that mean the address itself, without what stands between letters: `E-Mail`, `email_address`. */
const EXACT = new Set([
  'email',
  'mail',
  'emailaddress',
  'mailaddress',
  'emailadresse',
  'mailadresse',
  'adresseemail',
  'courriel',
  'correoelectronico',
  'primaryemail',
  'contactemail',
  'workemail',
]);

/**
 * The place of the column with the addresses, from 0.
 * @param wanted its name; without it, the one column whose name means an address, or else the one whose name contains
 * "email".
 * @throws UserError that lists the columns, where none or several fit.
 */
export function findEmailColumn(columns: readonly string[], wanted: string | undefined, file: string): number {
  if (wanted !== undefined) return findColumn(columns, wanted, file);
  const letters = columns.map((name) =>
    name
      .normalize('NFD')
      .toLowerCase()
      .replace(/[^a-z]/g, ''),
  );
  const exact = placesOf(letters, (name) => EXACT.has(name));
  const alike = placesOf(letters, (name) => name.includes('email'));
  const fitting = exact.length > 0 ? exact : alike;
  if (fitting.length === 1) return fitting[0]!;
  const found = fitting.length === 0 ? 'no column looks like e-mail addresses' : `${fitting.length} columns look like e-mail addresses`;
  throw new UserError(`${file}: ${found}. Say which with --column; the columns are ${list(columns)}`, { exitCode: 2 });
}

/** The place of a column by its name, its capitals aside where no other differs in them alone. @throws UserError where none or several fit. */
function findColumn(columns: readonly string[], wanted: string, file: string): number {
  const same = placesOf(columns, (name) => name === wanted.trim());
  const alike = placesOf(columns, (name) => name.toLowerCase() === wanted.trim().toLowerCase());
  const fitting = same.length > 0 ? same : alike;
  if (fitting.length === 1) return fitting[0]!;
  const found = fitting.length === 0 ? 'there is no such column' : 'there are several columns of this name';
  throw new UserError(`--column ${wanted}: ${found} in ${file}; its columns are ${list(columns)}`, { exitCode: 2 });
}

function placesOf(names: readonly string[], fits: (name: string) => boolean): number[] {
  return names.flatMap((name, place) => (fits(name) ? [place] : []));
}

function list(columns: readonly string[]): string {
  return columns.map((name) => JSON.stringify(name)).join(', ');
}
