import type { Column } from '../contract/columns.ts';
import { createRowCheck, invalid, type RowCheck, type RowError } from './row-check.ts';

/** One call of `tabledata.insertAll` as faults are chosen for it. */
export interface InsertCall {
  readonly table: string;
  readonly rows: number;
}

/**
 * What goes wrong with a call. `stored` in a fault's name says that the rows are in the table although the caller does not
 * learn of it.
 */
export type BigQueryFault =
  /** The service answers with an error of this reason and stores nothing. */
  | { readonly kind: 'status'; readonly status: number; readonly reason: string; readonly retryAfter?: string; readonly html?: boolean }
  /** 200, but single rows failed for a reason that passes; all others are stopped. Nothing is stored. */
  | { readonly kind: 'rows'; readonly reason: string; readonly message?: string; readonly every: number }
  /** No answer, ever. */
  | { readonly kind: 'hang' | 'stored and hang' }
  /** The connection breaks. */
  | { readonly kind: 'reset' | 'stored and reset' }
  /** The answer begins and breaks off. */
  | { readonly kind: 'stored and cut' }
  /** An error of the service after the rows were stored. */
  | { readonly kind: 'stored and status'; readonly status: number; readonly reason: string };

/** How a fake is set up. */
export interface FakeBigQueryOptions {
  readonly project: string;
  readonly dataset: string;
  /** What is wrong with an access token at a time; undefined where it is good. */
  readonly verifyToken: (token: string, now: number) => Promise<string | undefined>;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
  /** Chooses what goes wrong with a call. Default: nothing. */
  readonly fault?: (call: InsertCall) => BigQueryFault | undefined;
  /** Rows for which the whole request is refused with 400, as for text that Google's front end cannot parse. */
  readonly refusesAll?: (row: Readonly<Record<string, unknown>>) => boolean;
  /** Rows that are invalid although the columns do not tell. */
  readonly refusesRow?: (row: Readonly<Record<string, unknown>>) => boolean;
  readonly limits?: Partial<typeof INSERT_LIMITS>;
  /** How long an `insertId` is remembered. Default: a minute. */
  readonly rememberedMs?: number;
  /** Told of rows that are stored without the caller's learning it. */
  readonly onStoredUnheard?: (rows: readonly Readonly<Record<string, unknown>>[]) => void;
  /** Told of each thing that happened, in order: `stored events_raw 3`, `refused events_raw 403`. */
  readonly note?: (action: string) => void;
}

/**
 * Documented limits: https://cloud.google.com/bigquery/quotas#streaming_inserts. A row may weigh 10 MB today and 1 MB in older
 * pages: what keeps to the smaller one keeps to both.
 */
export const INSERT_LIMITS = { requestBytes: 10 * 1024 * 1024, rowBytes: 1024 * 1024, rows: 50_000, insertIdLength: 128 };

/** How long an `insertId` is remembered: "best effort, for at least one minute"; nobody may count on it. */
const REMEMBERED_MS = 60_000;

interface InsertRow {
  readonly insertId?: string;
  readonly json: Readonly<Record<string, unknown>>;
}

interface Table {
  readonly rows: Record<string, unknown>[];
  readonly remembered: Map<string, number>;
  columns: readonly Column[];
  check: RowCheck;
  /** Columns that were added and are not seen by streaming yet. */
  late: { readonly columns: readonly Column[]; readonly from: number } | undefined;
  visibleFrom: number;
}

/**
 * BigQuery's streaming API, `tabledata.insertAll`, in memory and as it is documented, with its awkward sides: one bad row stops
 * all others of the call, ids are remembered for a minute, tables and columns are seen late, answers get lost. Its `fetch` takes
 * the place of the global one.
 */
export class FakeBigQuery {
  readonly #options: FakeBigQueryOptions;
  readonly #limits: typeof INSERT_LIMITS;
  readonly #now: () => number;
  readonly #tables = new Map<string, Table>();

  constructor(options: FakeBigQueryOptions) {
    this.#options = options;
    this.#limits = { ...INSERT_LIMITS, ...options.limits };
    this.#now = options.now ?? Date.now;
  }

  /** @param seenAfterMs how long streaming answers 404 although the table exists. */
  createTable(name: string, columns: readonly Column[], seenAfterMs = 0): void {
    const visibleFrom = this.#now() + seenAfterMs;
    this.#tables.set(name, {
      rows: [],
      remembered: new Map(),
      columns,
      check: createRowCheck(columns),
      late: undefined,
      visibleFrom,
    });
  }

  /** @param seenAfterMs how long streaming says "no such field" although the column exists. */
  addColumn(name: string, column: Column, seenAfterMs = 0): void {
    const table = this.#existing(name);
    table.late = { columns: [...table.columns, column], from: this.#now() + seenAfterMs };
  }

  dropTable(name: string): void {
    this.#tables.delete(name);
  }

  /** What the table holds, in the order of arrival, duplicates included. */
  rows(name: string): readonly Readonly<Record<string, unknown>>[] {
    return this.#existing(name).rows;
  }

  /** As the global `fetch`. */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? input : undefined;
    const url = new URL(input instanceof Request ? input.url : input);
    const signal = init?.signal ?? request?.signal;
    signal?.throwIfAborted();
    const body = typeof init?.body === 'string' ? init.body : await (request ?? new Response(init?.body ?? null)).text();
    const headers = init?.headers ? new Headers(init.headers) : (request?.headers ?? new Headers());
    return await this.#answer(url, init?.method ?? request?.method ?? 'GET', headers, body, signal);
  };

  async #answer(url: URL, method: string, headers: Headers, body: string, signal: AbortSignal | null | undefined): Promise<Response> {
    const path = /^\/bigquery\/v2\/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)\/insertAll$/.exec(url.pathname);
    if (url.origin !== 'https://bigquery.googleapis.com' || method !== 'POST' || !path)
      return failure(404, 'notFound', `Not Found: ${url.href}`);
    const [, project, dataset, name] = path.map(decodeURIComponent) as [string, string, string, string];
    const refuse = (status: number, reason: string, message: string, retryAfter?: string) => {
      this.#options.note?.(`refused ${name} ${status}`);
      return failure(status, reason, message, retryAfter);
    };
    const token = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1];
    const wrong = token === undefined ? 'there is none' : await this.#options.verifyToken(token, this.#now());
    if (wrong !== undefined) return refuse(401, 'authError', `Request had invalid authentication credentials: ${wrong}.`);

    const bytes = utf8Length(body);
    const read = bytes <= this.#limits.requestBytes ? readInsert(body) : undefined;
    const fault = this.#options.fault?.({ table: name, rows: typeof read === 'object' ? read.rows.length : 0 });
    if (fault?.kind === 'status') {
      if (!fault.html) return refuse(fault.status, fault.reason, `Injected: ${fault.reason}.`, fault.retryAfter);
      this.#options.note?.(`refused ${name} ${fault.status}`);
      return new Response('<html><title>Error</title><p>That is all we know.</html>', { status: fault.status });
    }
    if (fault?.kind === 'hang') return await never(this.#options.note, `hung ${name}`, signal);
    if (fault?.kind === 'reset') throw networkError(this.#options.note, `reset ${name}`);

    // What exceeds the limit by little is refused by the service, what exceeds it by much by what stands before it.
    if (bytes > 2 * this.#limits.requestBytes) return refuse(413, 'requestTooLarge', 'Request Too Large');
    if (read === undefined) {
      return refuse(400, 'badRequest', `Request payload size exceeds the limit: ${this.#limits.requestBytes} bytes.`);
    }
    if (typeof read === 'string') return refuse(400, 'badRequest', read);
    const { rows, ignoreUnknownValues = false, skipInvalidRows = false } = read;
    if (rows.length === 0) return refuse(400, 'invalid', 'No rows present in the request.');
    if (rows.length > this.#limits.rows)
      return refuse(400, 'invalid', `Too many rows present in the request, limit is ${this.#limits.rows}.`);
    const table = project === this.#options.project && dataset === this.#options.dataset ? this.#tables.get(name) : undefined;
    if (!table || this.#now() < table.visibleFrom) return refuse(404, 'notFound', `Not found: Table ${project}:${dataset}.${name}`);
    if (this.#options.refusesAll && rows.some(({ json }) => this.#options.refusesAll!(json))) {
      return refuse(400, 'badRequest', 'Invalid JSON payload received.');
    }

    const small = bytes <= this.#limits.rowBytes;
    const errors = fault?.kind === 'rows' ? rowFaults(rows, fault) : this.#check(table, rows, ignoreUnknownValues, small);
    if (errors.size > 0 && !skipInvalidRows) {
      this.#options.note?.(`stopped ${name} ${errors.size} of ${rows.length}`);
      return inserted(rows.map((_, index) => errors.get(index) ?? STOPPED));
    }
    const stored = this.#store(
      table,
      rows.filter((_, index) => !errors.has(index)),
    );
    this.#options.note?.(`stored ${name} ${stored}`);
    if (fault?.kind.startsWith('stored')) this.#options.onStoredUnheard?.(stored > 0 ? table.rows.slice(-stored) : []);
    if (fault?.kind === 'stored and hang') return await never(this.#options.note, `hung ${name}`, signal);
    if (fault?.kind === 'stored and reset') throw networkError(this.#options.note, `reset ${name}`);
    if (fault?.kind === 'stored and cut') return cutOff();
    if (fault?.kind === 'stored and status') return refuse(fault.status, fault.reason, `Injected: ${fault.reason}.`);
    return inserted(rows.map((_, index) => errors.get(index)));
  }

  #check(table: Table, rows: readonly InsertRow[], ignoreUnknown: boolean, small: boolean): Map<number, RowError> {
    if (table.late && this.#now() >= table.late.from) {
      table.columns = table.late.columns;
      table.check = createRowCheck(table.columns);
      table.late = undefined;
    }
    const errors = new Map<number, RowError>();
    for (const [index, { json, insertId }] of rows.entries()) {
      const wrong = table.check(json, ignoreUnknown) ?? this.#checkLimits(json, insertId, small) ?? this.#checkChosen(json);
      if (wrong) errors.set(index, wrong);
    }
    return errors;
  }

  #checkLimits(json: unknown, insertId: string | undefined, small: boolean): RowError | undefined {
    const { rowBytes, insertIdLength } = this.#limits;
    if (insertId !== undefined && insertId.length > insertIdLength)
      return invalid('', `Insert ID length must be at most ${insertIdLength}.`);
    const bytes = small ? 0 : utf8Length(JSON.stringify(json));
    return bytes > rowBytes ? invalid('', `Maximum allowed row size exceeded. Allowed: ${rowBytes} Row size: ${bytes}`) : undefined;
  }

  #checkChosen(json: InsertRow['json']): RowError | undefined {
    return this.#options.refusesRow?.(json) ? invalid('', 'The row was chosen to be invalid.') : undefined;
  }

  /** @returns how many rows were new. */
  #store(table: Table, rows: readonly InsertRow[]): number {
    const now = this.#now();
    const before = table.rows.length;
    for (const { insertId, json } of rows) {
      const known = insertId === undefined ? undefined : table.remembered.get(insertId);
      if (known !== undefined && now - known < (this.#options.rememberedMs ?? REMEMBERED_MS)) continue;
      if (insertId !== undefined) table.remembered.set(insertId, now);
      table.rows.push(json);
    }
    return table.rows.length - before;
  }

  #existing(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`the fake has no table ${name}: createTable first`);
    return table;
  }
}

const STOPPED: RowError = { reason: 'stopped', location: '', debugInfo: '', message: '' };

interface Insert {
  readonly rows: readonly InsertRow[];
  readonly ignoreUnknownValues?: boolean;
  readonly skipInvalidRows?: boolean;
}

/** What a body asks for, or what is wrong with it. */
function readInsert(body: string): Insert | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return 'Parse Error';
  }
  const { rows = [], ...flags } = (parsed ?? {}) as { rows?: unknown };
  if (!Array.isArray(rows)) return 'Invalid value at "rows".';
  const wellFormed = (rows as Partial<InsertRow>[]).every(({ json, insertId }) => {
    return typeof json === 'object' && json !== null && (insertId === undefined || typeof insertId === 'string');
  });
  return wellFormed
    ? { ...flags, rows: rows as InsertRow[] }
    : 'Invalid value at "rows[]": a row has a "json" object and may have an "insertId" text.';
}

function rowFaults(rows: readonly InsertRow[], { reason, message, every }: BigQueryFault & { kind: 'rows' }): Map<number, RowError> {
  const error: RowError = { reason, location: '', debugInfo: '', message: message ?? '' };
  return new Map(rows.flatMap((_, index): [number, RowError][] => (index % every === 0 ? [[index, error]] : [])));
}

function inserted(errors: readonly (RowError | undefined)[]): Response {
  const insertErrors = errors.flatMap((error, index) => (error ? [{ index, errors: [error] }] : []));
  return Response.json({ kind: 'bigquery#tableDataInsertAllResponse', ...(insertErrors.length > 0 && { insertErrors }) });
}

/** https://cloud.google.com/bigquery/docs/error-messages */
function failure(code: number, reason: string, message: string, retryAfter?: string): Response {
  const error = { code, message, errors: [{ message, domain: 'global', reason }] };
  return Response.json({ error }, { status: code, headers: retryAfter === undefined ? {} : { 'Retry-After': retryAfter } });
}

function cutOff(): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"kind": "bigquery#tableData'));
      controller.error(new TypeError('Network connection lost.'));
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'application/json' } });
}

function networkError(note: FakeBigQueryOptions['note'], action: string): TypeError {
  note?.(action);
  return new TypeError('Network connection lost.');
}

async function never(note: FakeBigQueryOptions['note'], action: string, signal: AbortSignal | null | undefined): Promise<never> {
  note?.(action);
  return await new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
