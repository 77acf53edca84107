import { emailHash, isEmailHash, normalizeEmail } from '../../edge/contract/email.ts';
import { UserError } from '../config/user-error.ts';
import { storedIdentifier } from '../models/identifiers.ts';
import type { ErasedKind } from '../models/erasures/tables.ts';

/** Whom an erasure or an export is about; an address only as its hash. */
export interface NamedPerson {
  readonly kind: ErasedKind;
  readonly value: string;
}

/** Exactly one of the three, as typed. */
export interface PersonOptions {
  readonly anonymousId?: string;
  readonly userId?: string;
  readonly email?: string;
}

/**
 * The person as the warehouse names them. An identifier is trimmed, as the edge does it; an address stands for its hash, wherever a
 * site used it as an id.
 * @throws UserError (exit code 2) unless exactly one is given, and for what can be no identifier.
 */
export function namedPerson({ anonymousId, userId, email }: PersonOptions): NamedPerson {
  const options = Object.entries({ '--anonymous-id': anonymousId, '--user-id': userId, '--email': email });
  const given = options.filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (given.length !== 1)
    throw usage(`expected one of --anonymous-id, --user-id and --email, found ${given.length === 0 ? 'none' : given.length}`);
  const [option, typed] = given[0]!;
  const text = typed.trim();
  if (text === '') throw usage(`${option}: the identifier is empty`);
  if (/\p{Cc}/u.test(text)) throw usage(`${option} ${JSON.stringify(typed)}: expected an identifier without control characters`);
  if (option === '--email') {
    if (isEmailHash(text)) return { kind: 'email_hash', value: text.toLowerCase() };
    if (!/^[^\s@]+@[^\s@]+$/.test(normalizeEmail(text))) {
      throw usage(`--email ${JSON.stringify(typed)}: expected an e-mail address, or its SHA-256 in hex (64 digits)`);
    }
    return { kind: 'email_hash', value: emailHash(text) };
  }
  const value = storedIdentifier(text);
  if (value !== text) return { kind: 'email_hash', value };
  return { kind: option === '--user-id' ? 'user_id' : 'anonymous_id', value };
}

const usage = (message: string) => new UserError(message, { exitCode: 2 });
