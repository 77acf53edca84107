/** A service account for tests: the key file that a Worker is given, and Google's side of it. */
export interface TestServiceAccount {
  /** The text of the key file, as Google Cloud hands it out. */
  readonly keyFile: string;
  /**
   * Checks an access token as BigQuery does: a self-signed JWT (RFC 7519), RS256, of this account, within its time and for
   * BigQuery. https://developers.google.com/identity/protocols/oauth2/service-account#jwt-auth
   * @param now milliseconds since 1970.
   * @returns what is wrong with it; undefined where it is good.
   */
  verify(token: string, now: number): Promise<string | undefined>;
}

const AUDIENCE = 'https://bigquery.googleapis.com/';
const SCOPES = ['bigquery.insertdata', 'bigquery', 'cloud-platform'].map((name) => `https://www.googleapis.com/auth/${name}`);
/** Google refuses tokens that live longer than an hour. */
const LONGEST_LIFE_SECONDS = 3_600;
/** Clocks may differ by this much. */
const SKEW_SECONDS = 300;

/** Makes a service account with a new key; RSA keys of 2048 bits, as Google's are. */
export async function createServiceAccount(email = 'edge@example.iam.gserviceaccount.com'): Promise<TestServiceAccount> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const privateKey = new Uint8Array((await crypto.subtle.exportKey('pkcs8', pair.privateKey)) as ArrayBuffer);
  const lines = btoa(String.fromCharCode(...privateKey)).replace(/.{64}/g, '$&\n');
  const keyFile = JSON.stringify({
    type: 'service_account',
    project_id: 'example',
    private_key_id: 'key-1',
    private_key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
    client_email: email,
    token_uri: 'https://oauth2.googleapis.com/token',
  });
  const signatures = new Map<string, Promise<boolean>>();
  const isSigned = async (token: string) => {
    if (!/^[\w-]+\.[\w-]+\.(?:[\w-]{4})*(?:[\w-]{2,3})?$/.test(token)) return false;
    const [header, claims, signature] = token.split('.') as [string, string, string];
    return await crypto.subtle.verify(
      algorithm.name,
      pair.publicKey,
      fromBase64Url(signature),
      new TextEncoder().encode(`${header}.${claims}`),
    );
  };
  return {
    keyFile,
    async verify(token, now) {
      if (!signatures.has(token)) signatures.set(token, isSigned(token));
      if (!(await signatures.get(token))) return 'the signature is not that of the account';
      const [header, claims] = token.split('.').slice(0, 2).map(parsePart);
      return wrongHeader(header) ?? wrongClaims(claims ?? {}, email, now / 1_000);
    },
  };
}

function wrongHeader(header: Record<string, unknown> | undefined): string | undefined {
  return header?.['alg'] === 'RS256' ? undefined : 'the algorithm is not RS256';
}

function wrongClaims(claims: Record<string, unknown>, email: string, now: number): string | undefined {
  const { iss, sub, aud, scope, iat, exp } = claims;
  if (iss !== email || (sub !== undefined && sub !== email)) return 'it is of another account';
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  // Where the token carries a scope, the audience is not looked at.
  if (scopes.length > 0 ? !scopes.some((one) => SCOPES.includes(one)) : aud !== AUDIENCE) return 'it is not meant for BigQuery';
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'it says no times';
  if (iat > now + SKEW_SECONDS) return 'it is not valid yet';
  if (exp - iat > LONGEST_LIFE_SECONDS) return 'it lives longer than an hour';
  return exp <= now ? 'it has expired' : undefined;
}

function parsePart(part: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(fromBase64Url(part))) as Record<string, unknown>;
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
