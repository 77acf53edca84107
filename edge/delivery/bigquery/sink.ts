import { log } from '../../log.ts';
import type { Outcome, Sink, SinkRow, Table } from '../sink.ts';
import { type Answer, judgeRow, readAnswer, wordsOf } from './answer.ts';
import type { TokenSource } from './token.ts';

/** Where the tables are. */
export interface Dataset {
  readonly project: string;
  readonly dataset: string;
}

/** BigQuery answers within seconds, or not. */
const TIMEOUT_MS = 20_000;
/**
 * Requests for one call of {@link Sink.write}: enough to find some bad rows among 500 by halving. What is not settled then is tried
 * again with the next delivery, from which the rows that were found are gone.
 */
const MOST_REQUESTS = 60;

/**
 * A row that no table has a column for. Where a table works, it is answered with 200 and an error of this row; nothing is stored.
 * Where it is missing, may not be written, or the form of the request is wrong, the request fails as a whole.
 */
const PROBE: SinkRow = { id: 'probe', text: '{"touchtrail_probe":true}' };

/**
 * Streams rows into BigQuery: https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll
 * Neither `skipInvalidRows` nor `ignoreUnknownValues`: nothing is dropped silently.
 */
export function createBigQuerySink({ project, dataset }: Dataset, tokens: TokenSource, timeoutMs = TIMEOUT_MS): Sink {
  const base = `https://bigquery.googleapis.com/bigquery/v2/projects/${project}/datasets/${dataset}/tables`;
  const post = async (table: Table, body: string, token: string): Promise<Answer> => {
    const response = await fetch(`${base}/${table}/insertAll`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
      // A redirect is no answer of BigQuery, and where it leads must not see the token.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return readAnswer(response.status, await response.text(), response.headers.get('retry-after'), Date.now());
  };
  const insert: Insert = async (table, rows) => {
    const body = `{"rows":[${rows.map(({ id, text }) => `{"insertId":${JSON.stringify(id)},"json":${text}}`).join(',')}]}`;
    let step = 'token';
    try {
      for (let attempt = 1; ; attempt++) {
        const token = await tokens.get();
        step = 'unreachable';
        const answer = await post(table, body, token);
        if (answer.kind !== 'unauthorized') return answer;
        tokens.forget(token);
        if (attempt === 2) return { kind: 'later', reason: 'unauthorized' };
      }
    } catch (error) {
      log('error', 'bigquery', { table, reason: step }, error);
      return { kind: 'later', reason: step };
    }
  };
  return { write: async (table, rows) => await new Writing(table, rows, insert).outcomes() };
}

/** Asks once, twice where the token was refused. */
type Insert = (table: Table, rows: readonly SinkRow[]) => Promise<Exclude<Answer, { kind: 'unauthorized' }>>;

/** One call of {@link Sink.write}: divides a refused request until its bad rows are known. */
class Writing {
  readonly #table: Table;
  readonly #rows: readonly SinkRow[];
  readonly #insert: Insert;
  readonly #outcomes = new Map<SinkRow, Outcome>();
  /** Rows of which a request was refused although they were alone in it. */
  readonly #refused = new Map<SinkRow, Extract<Answer, { kind: 'refused' }>>();
  /** Set with the first answer that may be another one later: then nothing more is asked for. */
  #later: Outcome | undefined;
  #requests = 0;
  /** Whether any request was taken: then table, form and account are right. */
  #isTaken = false;

  constructor(table: Table, rows: readonly SinkRow[], insert: Insert) {
    this.#table = table;
    this.#rows = rows;
    this.#insert = insert;
  }

  async outcomes(): Promise<Outcome[]> {
    await this.#write(this.#rows);
    // A lone refused row is bad only where the table takes another one. Otherwise it is as likely that the request is wrong, or the
    // table: that must not turn all events into failures. They are tried again, and held in the archive at last.
    if (this.#refused.size > 0) {
      if (this.#isTaken || (await this.#works())) {
        for (const [row, { detail }] of this.#refused) this.#outcomes.set(row, { status: 'invalid', detail });
      } else if (!this.#later) this.#stop('refused');
    }
    return this.#rows.map((row) => this.#outcomes.get(row) ?? this.#later ?? { status: 'retry', reason: 'undecided' });
  }

  /** Asks with the {@link PROBE}, as long as BigQuery has not said that all may be another one later. */
  async #works(): Promise<boolean> {
    if (this.#later && this.#requests <= MOST_REQUESTS) return false;
    const answer = await this.#insert(this.#table, [PROBE]);
    return answer.kind === 'taken' && answer.errors.size > 0;
  }

  async #write(rows: readonly SinkRow[]): Promise<void> {
    if (rows.length === 0 || this.#later) return;
    if (++this.#requests > MOST_REQUESTS) return this.#stop('undecided');
    const answer = await this.#insert(this.#table, rows);
    switch (answer.kind) {
      case 'taken':
        return await this.#take(rows, answer.errors);
      case 'too_large':
      case 'refused':
        if (rows.length > 1) return await this.#halve(rows);
        if (answer.kind === 'refused') this.#refused.set(rows[0]!, answer);
        else this.#outcomes.set(rows[0]!, { status: 'invalid', detail: answer.detail || 'the row is too large' });
        return;
      case 'later':
        return this.#stop(answer.reason, answer);
    }
  }

  async #halve(rows: readonly SinkRow[]): Promise<void> {
    const half = Math.ceil(rows.length / 2);
    await this.#write(rows.slice(0, half));
    await this.#write(rows.slice(half));
  }

  /** One bad row stops all others of its request: they are sent again without it. */
  async #take(rows: readonly SinkRow[], errors: Extract<Answer, { kind: 'taken' }>['errors']): Promise<void> {
    this.#isTaken = true;
    const again: SinkRow[] = [];
    for (const [i, row] of rows.entries()) {
      const own = errors.get(i) ?? [];
      const verdict = judgeRow(own);
      if (errors.size === 0) this.#outcomes.set(row, { status: 'stored' });
      else if (verdict === 'stopped') again.push(row);
      else if (verdict === 'invalid') this.#outcomes.set(row, { status: 'invalid', detail: wordsOf(own) });
      else {
        this.#outcomes.set(row, { status: 'retry', reason: own.find(({ reason }) => reason)?.reason ?? 'unknown' });
      }
    }
    if (again.length === rows.length) return this.#stop('stopped');
    await this.#write(again);
  }

  #stop(reason: string, { detail, afterSeconds }: { readonly detail?: string; readonly afterSeconds?: number | undefined } = {}): void {
    const [refused] = this.#refused.values();
    // The words of a refusal may quote the row.
    const why = refused && { status: 400, cause: refused.reason };
    log('warn', 'bigquery', { table: this.#table, reason, rows: this.#rows.length, afterSeconds, ...why }, detail);
    this.#later = { status: 'retry', reason, afterSeconds };
  }
}
