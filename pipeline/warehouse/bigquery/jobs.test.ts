import { beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../config/user-error.ts';
import { Jobs, type Job, type Rest } from './jobs.ts';
import { delayAfter, isTransient } from './retry.ts';

type Request = Parameters<Rest>[0];

/** BigQuery's REST interface as its reference describes it, with what may go wrong on the way. */
class FakeRest {
  readonly log: string[] = [];
  readonly waits: number[] = [];
  readonly jobs = new Map<
    string,
    { polls: number; configuration: object; failure?: { reason: string; message: string }; cancelled: boolean }
  >();
  /** Called before a request is carried out, and before its answer: what it throws is what the client sees. */
  before: (request: Request, count: number) => void = () => undefined;
  answering: (request: Request, count: number) => void = () => undefined;
  /** How the n-th job ends (from 1); undefined: well. */
  failureOf: (count: number) => { reason: string; message: string } | undefined = () => undefined;
  pollsUntilDone = 1;
  #requests = 0;

  readonly rest: Rest = async (request) => {
    const count = ++this.#requests;
    this.log.push(`${request.method} ${request.path}`);
    this.before(request, count);
    const answer = this.#answer(request);
    this.answering(request, count);
    return answer;
  };

  #answer({ method, path, body }: Request): unknown {
    if (method === 'POST' && path === '/jobs') {
      const { jobReference, configuration } = body as { jobReference: { jobId: string }; configuration: { dryRun?: boolean } };
      if (configuration.dryRun) return { statistics: { totalBytesProcessed: '123' } };
      if (this.jobs.has(jobReference.jobId)) {
        throw failure(409, 'duplicate', `Already Exists: Job ${jobReference.jobId}`);
      }
      const failed = this.failureOf(this.jobs.size + 1);
      this.jobs.set(jobReference.jobId, { polls: 0, configuration, ...(failed && { failure: failed }), cancelled: false });
      return { jobReference, status: { state: 'PENDING' } };
    }
    const [, id, cancel] = /^\/jobs\/(\w+)(\/cancel)?$/.exec(path)!;
    const job = this.jobs.get(id!)!;
    if (cancel) {
      job.cancelled = true;
      return {};
    }
    job.polls++;
    const done = job.polls >= this.pollsUntilDone;
    const state: Job = { status: { state: done ? 'DONE' : 'RUNNING', ...(done && job.failure && { errorResult: job.failure }) } };
    return state;
  }
}

const failure = (code: number | string, reason?: string, message = String(reason ?? code)) =>
  Object.assign(new Error(message), { code, ...(reason !== undefined && { errors: [{ reason, message }] }) });

let fake: FakeRest;
let jobs: Jobs;
beforeEach(() => {
  fake = new FakeRest();
  let ids = 0;
  jobs = new Jobs(fake.rest, {
    project: 'p',
    location: 'EU',
    patience: {
      attempts: 4,
      random: () => 0,
      sleep: async (milliseconds) => {
        fake.waits.push(milliseconds);
      },
    },
    newId: () => `job${++ids}`,
  });
});

const run = (options: { repeatable?: boolean; signal?: AbortSignal } = {}) =>
  jobs.run({ query: {} }, { repeatable: options.repeatable ?? true, signal: options.signal });

describe('a job', () => {
  test('is inserted once and asked for until it is done', async () => {
    fake.pollsUntilDone = 3;
    expect((await run()).id).toBe('job1');
    expect(fake.log).toEqual(['POST /jobs', 'GET /jobs/job1', 'GET /jobs/job1', 'GET /jobs/job1']);
  });

  test('whose answer was lost is found by its id, and runs once', async () => {
    fake.answering = (_, count) => {
      if (count === 1) throw failure('ECONNRESET');
    };
    expect((await run({ repeatable: false })).id).toBe('job1');
    expect(fake.log).toEqual(['POST /jobs', 'POST /jobs', 'GET /jobs/job1']);
    expect(fake.jobs.size).toBe(1);
  });

  test.each([
    ['HTTP 503', failure(503, 'backendError')],
    ['a rate limit', failure(403, 'rateLimitExceeded')],
    ['a broken connection', failure('ECONNRESET')],
    ['a connection that hung up', new Error('socket hang up')],
  ])('waits longer and longer after %s, and goes on', async (_, error) => {
    fake.before = (__, count) => {
      if (count <= 3) throw error;
    };
    await run({ repeatable: false });
    expect(fake.waits).toEqual([500, 1000, 2000]);
    expect(fake.jobs.size).toBe(1);
  });

  test('gives up when patience ends, with the error itself', async () => {
    fake.before = () => {
      throw failure(503, 'backendError', 'try again');
    };
    await expect(run()).rejects.toThrow('try again');
    expect(fake.log).toEqual(['POST /jobs', 'POST /jobs', 'POST /jobs', 'POST /jobs']);
  });

  test.each([
    ['a bad query', failure(400, 'invalidQuery', 'Syntax error')],
    ['a missing right', failure(403, 'accessDenied', 'Access Denied')],
    ['an exhausted quota', failure(403, 'quotaExceeded', 'Quota exceeded')],
  ])('is not sent again after %s', async (_, error) => {
    fake.before = () => {
      throw error;
    };
    await expect(run()).rejects.toThrow(error);
    expect(fake.log.length).toBe(1);
  });

  test('that failed for a reason that passes runs again under a new id, where it is safe', async () => {
    fake.failureOf = (count) => (count === 1 ? { reason: 'backendError', message: 'Error encountered during execution' } : undefined);
    expect((await run()).id).toBe('job2');
    expect([...fake.jobs.keys()]).toEqual(['job1', 'job2']);
  });

  test('that is not safe to repeat fails as it failed', async () => {
    fake.failureOf = () => ({ reason: 'backendError', message: 'Error encountered during execution' });
    await expect(run({ repeatable: false })).rejects.toThrow('Error encountered during execution');
    expect([...fake.jobs.keys()]).toEqual(['job1']);
  });

  test('that failed for good is not repeated', async () => {
    fake.failureOf = () => ({ reason: 'invalidQuery', message: 'Division by zero' });
    await expect(run()).rejects.toThrow('Division by zero');
    expect(fake.jobs.size).toBe(1);
  });
});

describe('a signal', () => {
  test('cancels the job in flight and says so', async () => {
    const stop = new AbortController();
    fake.pollsUntilDone = 1_000_000;
    fake.answering = ({ path }, count) => {
      if (path === '/jobs/job1' && count === 4) stop.abort();
    };
    const error: unknown = await run({ signal: stop.signal }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toBe('stopped: the BigQuery job job1 was cancelled');
    expect(fake.log.at(-1)).toBe('POST /jobs/job1/cancel');
    expect(fake.jobs.get('job1')!.cancelled).toBe(true);
  });

  test('a cancellation that fails says how to end the job', async () => {
    const stop = new AbortController();
    fake.pollsUntilDone = 1_000_000;
    fake.before = ({ path }) => {
      if (path.endsWith('/cancel')) throw failure(403, 'accessDenied', 'Access Denied');
    };
    fake.answering = ({ path }) => {
      if (path === '/jobs/job1') stop.abort();
    };
    await expect(run({ signal: stop.signal })).rejects.toThrow(
      'stopped, but the BigQuery job job1 could not be cancelled (Access Denied); it may go on: "bq --location=EU cancel job1" ends it',
    );
  });

  test('that came before sends nothing', async () => {
    await expect(run({ signal: AbortSignal.abort() })).rejects.toThrow('stopped before it began');
    expect(fake.log).toEqual([]);
  });
});

test('a dry run is asked for without an id', async () => {
  const job = await jobs.dryRun({ query: {} });
  expect(job.statistics?.totalBytesProcessed).toBe('123');
  expect(fake.jobs.size).toBe(0);
});

test('pages are asked for by their tokens, times as whole microseconds', async () => {
  const requests: Request[] = [];
  const answers = [{ schema: { fields: [] }, rows: [{ f: [] }], pageToken: 'next' }, { rows: [{ f: [] }, { f: [] }] }];
  const paged = new Jobs(
    async (request) => {
      requests.push(request);
      return answers[requests.length - 1];
    },
    { project: 'p', location: 'EU', patience: { attempts: 1, random: () => 0, sleep: async () => undefined }, newId: () => 'x' },
  );
  const counts: number[] = [];
  for await (const page of paged.pages('job9')) counts.push(page.rows!.length);
  expect(counts).toEqual([1, 2]);
  expect(requests.map(({ path, query }) => [path, query!['pageToken'], query!['formatOptions.useInt64Timestamp']])).toEqual([
    ['/queries/job9', undefined, true],
    ['/queries/job9', 'next', true],
  ]);
});

test('waits double up to 32 seconds, half of each by chance', () => {
  expect([1, 2, 3, 4, 5, 6, 7].map((attempt) => delayAfter(attempt, () => 0))).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 16_000]);
  expect(delayAfter(1, () => 0.5)).toBe(750);
});

test.each([
  [failure(500), true],
  [failure(502), true],
  [failure(504), true],
  [failure(429), true],
  [failure('ETIMEDOUT'), true],
  [Object.assign(new Error('x'), { reason: 'jobRateLimitExceeded' }), true],
  [failure(404, 'notFound'), false],
  [failure(409, 'duplicate'), false],
  [failure(400, 'invalidQuery'), false],
  [new Error('Syntax error'), false],
  [undefined, false],
])('%o passes by itself: %s', (error, expected) => {
  expect(isTransient(error)).toBe(expected);
});
