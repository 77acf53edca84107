import { readFileSync } from 'node:fs';

/**
 * Who asks BigQuery, in words, as far as the environment tells it: the service account of the key file in
 * GOOGLE_APPLICATION_CREDENTIALS. Undefined: the credentials come from elsewhere.
 */
export function googleAccount(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const file = environment['GOOGLE_APPLICATION_CREDENTIALS'];
  if (file === undefined || file === '') return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // Without its key file there is no connection, which says so itself: here only the name is lost.
    return undefined;
  }
  const email = /"client_email"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  return email === undefined ? undefined : `the service account ${email}`;
}
