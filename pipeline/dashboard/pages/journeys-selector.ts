import { emailHash, isEmailHash, normalizeEmail } from '../../../edge/contract/email.ts';
import { UserError } from '../../config/user-error.ts';
import { storedIdentifier } from '../../models/identifiers.ts';
import type { JourneySelector } from '../../query/journey/selector.ts';
import { address, carried } from '../state.ts';
import { JOURNEYS } from '../behind.ts';

/** What a person can be found by, as the address names it, and what it is called. */
export const FOUND_BY = {
  lead: 'Lead of the CRM',
  email: 'E-mail address',
  anonymous_id: 'Browser (anonymous_id)',
  user_id: 'User of the site (user_id)',
} as const;
type FoundBy = keyof typeof FOUND_BY;

/** Of the address: `closed_won/D-1042`. */
const CONVERSION_ID = 'conversion_id';
/** Of the address: the visitor seen last. */
const LATEST = 'latest';
/** Of the form: begins the name of a conversion among what a person can be found by. */
export const CONVERSION = 'conversion:';

/** An e-mail address anywhere in a text: neither an address of the dashboard nor a log may hold one. */
const EMAIL = /[^\s@/]+@[^\s@/]+\.[^\s@./\d]{2,}/;
export const holdsEmail = (text: string): boolean => EMAIL.test(text);

/**
 * Whose journey an address asks for; undefined where it asks for nobody's.
 * @throws UserError (exit code 2) for several at once, and for an e-mail address, which is not repeated.
 */
export function selectorIn(params: URLSearchParams): JourneySelector | undefined {
  const given = [...Object.keys(FOUND_BY), CONVERSION_ID, LATEST].filter((name) => (params.get(name) ?? '') !== '');
  if (given.length > 1) throw wrong(`${given.join(' and ')}: expected one of them, a journey is of one person`);
  const name = given[0];
  if (name === undefined) return undefined;
  const value = params.get(name)!;
  if (holdsEmail(value))
    throw wrong(`${name}: an e-mail address does not belong into the address of a page; send it by the form of ${JOURNEYS}`);
  if (name === LATEST) return { by: 'latest' };
  if (name === CONVERSION_ID) {
    const slash = value.indexOf('/');
    if (slash < 1 || slash === value.length - 1) throw wrong(`${name}=${value}: expected name/id, such as closed_won/D-1042`);
    return { by: 'conversion', name: value.slice(0, slash), id: value.slice(slash + 1) };
  }
  if (name === 'email' && !isEmailHash(value)) throw wrong(`email=${value}: expected the SHA-256 of an address in hex (64 digits)`);
  return { by: name as FoundBy, value };
}

/**
 * The address of the journey that the form asks for; an e-mail address is in it by its hash.
 * @param form `by`, a key of {@link FOUND_BY} or `conversion:NAME`, and `value`.
 * @throws UserError (exit code 2) for a value that cannot be looked for.
 */
export function searchedAddress(form: ReadonlyMap<string, string>, params: URLSearchParams): string {
  const kept = carried(params);
  const by = form.get('by') ?? '';
  const value = (form.get('value') ?? '').trim();
  if (value === '') return address(JOURNEYS, kept);
  if (by === 'email') return address(JOURNEYS, kept, { email: hashOf(value) });
  const stored = storedIdentifier(value);
  if (holdsEmail(stored)) throw wrong('the text holds an e-mail address: look for the address itself, as an e-mail address');
  if (by.startsWith(CONVERSION)) return address(JOURNEYS, kept, { [CONVERSION_ID]: `${by.slice(CONVERSION.length)}/${stored}` });
  if (!Object.hasOwn(FOUND_BY, by)) throw wrong(`by=${by}: expected one of ${Object.keys(FOUND_BY).join(', ')} or ${CONVERSION}NAME`);
  return address(JOURNEYS, kept, { [by]: stored });
}

function hashOf(value: string): string {
  if (isEmailHash(value)) return value.toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(normalizeEmail(value)))
    throw wrong('that is no e-mail address: expected one such as jane@example.com, or its SHA-256 in hex');
  return emailHash(value);
}

/** Where the journey behind a conversion stands: by its own id, or by its person where the id must not stand in an address. */
export function journeyAddress(
  params: URLSearchParams,
  { conversion, id, person_id }: { readonly conversion: string; readonly id: string; readonly person_id: string | null },
): string | undefined {
  if (!holdsEmail(id)) return address(JOURNEYS, listParams(params), { [CONVERSION_ID]: `${conversion}/${id}` });
  // The id of a person is that of a browser of theirs.
  return person_id === null ? undefined : address(JOURNEYS, listParams(params), { anonymous_id: person_id });
}

/** The list that a reader came from goes along, so that the way back leads there. */
export function listParams(params: URLSearchParams): URLSearchParams {
  const own = new Set<string>([...Object.keys(FOUND_BY), CONVERSION_ID, LATEST, 'format']);
  return new URLSearchParams([...params].filter(([name]) => !own.has(name)));
}

const wrong = (message: string): UserError => new UserError(message, { exitCode: 2 });
