/** Gives tokens of a service account. */
export interface TokenSource {
  /** @throws Error saying what is wrong with the account's key, without showing any of it. */
  get(): Promise<string>;
  /** The token was refused: the next one is new. */
  forget(token: string): void;
}

/** Google takes tokens that live for an hour. */
const LIFE_SECONDS = 3600;
/** Ends before its token does. */
const KEPT_MS = 55 * 60_000;
/** Clocks differ: a token from the future is refused. */
const BEHIND_SECONDS = 30;

/**
 * Self-signed tokens, which BigQuery takes without an exchange: https://cloud.google.com/bigquery/docs/json-web-tokens and RFC 7515.
 * Signing takes longer than a request's other work together, so that a token is kept for most of its life.
 * @param account the text of the key file, JSON.
 */
export function createTokenSource(account: string, now: () => number = Date.now): TokenSource {
  let kept: { readonly token: string; readonly until: number } | undefined;
  return {
    // Two that sign at once cost less than one that waits for another's: where that one's invocation ends, its promise never does.
    get: async () => {
      const issued = now();
      if (!kept || issued >= kept.until) {
        const token = await signToken(readAccount(account), Math.floor(issued / 1000) - BEHIND_SECONDS);
        kept = { token, until: issued + KEPT_MS };
      }
      return kept.token;
    },
    forget: (token) => {
      if (kept?.token === token) kept = undefined;
    },
  };
}

interface Account {
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id?: string;
}

function readAccount(text: string): Account {
  let account: Partial<Account> | null;
  try {
    account = JSON.parse(text) as Partial<Account> | null;
  } catch {
    // The words of the parser would quote the secret.
    throw new Error('GOOGLE_SERVICE_ACCOUNT is not JSON: expected the text of a key file');
  }
  const { client_email, private_key } = account ?? {};
  if (typeof client_email !== 'string' || typeof private_key !== 'string') {
    throw new TypeError('GOOGLE_SERVICE_ACCOUNT has no client_email or no private_key: expected the text of a key file');
  }
  return { ...account, client_email, private_key };
}

async function signToken({ client_email, private_key, private_key_id }: Account, iat: number): Promise<string> {
  const header = { alg: 'RS256', typ: 'JWT', kid: private_key_id };
  const claims = { iss: client_email, sub: client_email, aud: 'https://bigquery.googleapis.com/', iat, exp: iat + LIFE_SECONDS };
  const signed = `${base64Url(JSON.stringify(header))}.${base64Url(JSON.stringify(claims))}`;
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  let key: CryptoKey;
  try {
    const der = atob(private_key.replace(/-----[^-]+-----|\s/g, ''));
    const bytes = Uint8Array.from(der, (character) => character.charCodeAt(0));
    key = await crypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']);
  } catch {
    throw new Error('the private_key of GOOGLE_SERVICE_ACCOUNT is not an RSA key in PEM (PKCS #8)');
  }
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm.name, key, new TextEncoder().encode(signed)));
  return `${signed}.${base64Url(String.fromCharCode(...signature))}`;
}

/** Of a text whose characters are bytes: names of accounts are ASCII. */
function base64Url(binary: string): string {
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
