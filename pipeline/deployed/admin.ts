import { UserError } from '../config/user-error.ts';

/** Longest wait for an answer of the edge. */
const TIMEOUT_MS = 30_000;

/** Where the deployed edge answers, and the token of its operator. */
export interface DeployedEdge {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string;
}

/**
 * The deployed edge that a config names.
 * @param url `edge.url` of the config.
 * @throws UserError (exit code 2) saying which of the two is missing and where it goes.
 */
export function deployedEdge(url: string | undefined, environment: NodeJS.ProcessEnv = process.env): DeployedEdge {
  if (url === undefined) {
    throw new UserError('no deployed edge is known: set edge.url in touchtrail.config.ts, such as "https://www.example.com/t"', {
      exitCode: 2,
    });
  }
  const token = environment['TOUCHTRAIL_ADMIN_TOKEN'];
  if (!token) {
    throw new UserError(
      'the environment variable TOUCHTRAIL_ADMIN_TOKEN is not set: it holds the secret ADMIN_TOKEN that the Worker was given with "wrangler secret put ADMIN_TOKEN"',
      { exitCode: 2 },
    );
  }
  return { url: url.replace(/\/+$/, ''), token };
}

/**
 * Asks an operator's route of the deployed edge.
 * @param path such as `/internal/status`.
 * @param init method and JSON body; default: GET.
 * @throws UserError where the edge cannot be reached, does not know the token, or answers with an error.
 */
export async function askEdge<Result>(
  edge: DeployedEdge,
  path: string,
  { method = 'GET', body }: { method?: 'GET' | 'POST' | 'PUT' | 'DELETE'; body?: unknown } = {},
): Promise<Result> {
  const url = `${edge.url}${path}`;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${edge.token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new UserError(`the edge cannot be reached at ${url}: ${wordsOf(cause)}`, { cause });
  }
  const text = await response.text();
  if (response.status === 404) {
    throw new UserError(
      `${url} answered 404: there is no edge, it is of an older version, or TOUCHTRAIL_ADMIN_TOKEN is not its ADMIN_TOKEN`,
    );
  }
  if (!response.ok) throw new UserError(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
  try {
    return (text === '' ? undefined : JSON.parse(text)) as Result;
  } catch (cause) {
    throw new UserError(`${url} did not answer in JSON: is it the edge? It said: ${text.slice(0, 200)}`, { cause });
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
