import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Column } from '../../edge/contract/columns.ts';
import type { TableDefinition, Value } from '../../pipeline/warehouse/warehouse.ts';
import { bigQueryLanguage } from './language.ts';
import { type ProtoType, fromProtoType, fromProtoValue, toProtoType, toProtoValue } from './values.ts';

const library = join(dirname(fileURLToPath(import.meta.resolve('@fivetrandevelopers/zetasql/package.json'))), 'lib', 'zetasql');

/** A table of the catalog: its definition, the name the SQL calls it by, and its rows where it is to be read. */
export interface CatalogTable {
  readonly definition: TableDefinition;
  readonly name: string;
  readonly rows?: readonly Readonly<Record<string, Value>>[];
}

/** A model of the catalog, and the functions of a catalog of functions, `ml`, that take one: what they take, and what they return. */
export interface CatalogModels {
  readonly names: readonly string[];
  readonly functions: Readonly<Record<string, { readonly takes: readonly ('MODEL' | 'RELATION')[]; readonly returns: readonly Column[] }>>;
}
const NO_MODELS: CatalogModels = { names: [], functions: {} };

/** A named query parameter with the type BigQuery would be told. */
export interface QueryParameter {
  readonly name: string;
  readonly column: Column;
  readonly value: Value;
}

type Client = grpc.Client & Record<string, CallableFunction>;

/** How often a server is started that ends before it answers. */
const ATTEMPTS = 5;

class ServerEnded extends Error {}

/**
 * Google's own GoogleSQL analyzer and reference evaluator, as a local process: what it refuses, BigQuery refuses.
 * A request may hold at most 4 MiB (the server's limit), so worlds are small.
 */
export class GoogleSql {
  readonly #process: ChildProcess;
  readonly #client: Client;
  #language: object = {};

  private constructor(process: ChildProcess, client: Client) {
    this.#process = process;
    this.#client = client;
  }

  /**
   * Starts the server on a free loopback port; on another one, where somebody else was quicker to take it.
   * @param nextPort finds a port that is free.
   * @throws Error where the program cannot be started, or ends again and again before it answers.
   */
  static async start(nextPort: () => Promise<number> = freePort): Promise<GoogleSql> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await GoogleSql.#startOn(await nextPort());
      } catch (error) {
        if (!(error instanceof ServerEnded) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  static async #startOn(port: number): Promise<GoogleSql> {
    const binary = join(library, process.platform === 'darwin' ? 'remote_server' : 'remote_server.so');
    const server = spawn(binary, ['localhost', String(port)], { stdio: 'ignore' });
    const ended = new Promise<never>((_, reject) => {
      server.once('error', (cause) => reject(new Error(`${binary} cannot be started: ${cause.message}`, { cause })));
      // Where it finds its port in use it crashes.
      server.once('exit', (code, signal) => reject(new ServerEnded(`${binary} ended with ${signal ?? code} before it answered`)));
    });
    const client = connect(port);
    try {
      await Promise.race([ended, waitForReady(client)]);
    } catch (error) {
      client.close();
      server.kill('SIGKILL');
      throw error;
    }
    const engine = new GoogleSql(server, client);
    engine.#language = bigQueryLanguage(await engine.#call('GetLanguageOptions', { maximum_features: true }));
    return engine;
  }

  /** Type-checks one statement. @throws Error with GoogleSQL's own message, line and column. */
  async analyze(
    statement: string,
    tables: readonly CatalogTable[],
    parameters: readonly QueryParameter[] = [],
    models: CatalogModels = NO_MODELS,
  ): Promise<void> {
    await this.#call('Analyze', {
      sql_statement: statement,
      options: this.#options(parameters),
      simple_catalog: { ...this.#catalog(tables), ...modelCatalog(models) },
    });
  }

  /** The columns a SELECT would return. */
  async describe(query: string, tables: readonly CatalogTable[], parameters: readonly QueryParameter[] = []): Promise<Column[]> {
    const { prepared } = await this.#call<{ prepared: { prepared_query_id: number; columns: { name: string; type: ProtoType }[] } }>(
      'PrepareQuery',
      {
        sql: query,
        options: this.#options(parameters),
        simple_catalog: this.#catalog(tables),
      },
    );
    await this.#call('UnprepareQuery', { prepared_query_id: prepared.prepared_query_id });
    return prepared.columns.map(({ name, type }) => fromProtoType(name, type));
  }

  /** Runs one SELECT over the rows of the tables. */
  async evaluate(
    query: string,
    tables: readonly CatalogTable[],
    parameters: readonly QueryParameter[] = [],
  ): Promise<Record<string, Value>[]> {
    const response = await this.#call<{
      content: { table_data?: { row?: { cell: object[] }[] } };
      prepared: { columns: { name: string; type: ProtoType }[] };
    }>('EvaluateQuery', {
      sql: query,
      options: this.#options(parameters),
      simple_catalog: this.#catalog(tables),
      table_content: Object.fromEntries(tables.map((table) => [table.name, contentOf(table)])),
      params: parameters.map(({ name, column, value }) => ({ name, value: toProtoValue(column, value) })),
    });
    const { columns } = response.prepared;
    return (response.content.table_data?.row ?? []).map((row) =>
      Object.fromEntries(columns.map((column, i) => [column.name, fromProtoValue(column.type, row.cell[i]!)])),
    );
  }

  stop(): void {
    this.#client.close();
    this.#process.kill('SIGKILL');
  }

  #options(parameters: readonly QueryParameter[]): object {
    return {
      language_options: this.#language,
      default_timezone: 'UTC',
      error_message_mode: 'ERROR_MESSAGE_MULTI_LINE_WITH_CARET',
      query_parameters: parameters.map(({ name, column }) => ({ name, type: toProtoType(column) })),
    };
  }

  #catalog(tables: readonly CatalogTable[]): object {
    return {
      name: 'warehouse',
      builtin_function_options: { language_options: this.#language },
      table: tables.map(({ definition, name }) => ({
        name,
        column: definition.columns.map((column) => ({ name: column.name, type: toProtoType(column) })),
      })),
    };
  }

  #call<Response>(method: string, request: object): Promise<Response> {
    return new Promise((resolve, reject) =>
      this.#client[method]!(request, (error: grpc.ServiceError | null, response: Response) =>
        error ? reject(new Error(error.details, { cause: error })) : resolve(response),
      ),
    );
  }
}

const relationOf = (returns: readonly Column[]) => ({
  kind: 'ARG_TYPE_RELATION',
  num_occurrences: 1,
  options: { relation_input_schema: { column: returns.map((column) => ({ name: column.name, type: toProtoType(column) })) } },
});

function modelCatalog({ names, functions }: CatalogModels): object {
  const custom_tvf = Object.entries(functions).map(([name, { takes, returns }]) => ({
    name_path: [name],
    type: 'FIXED_OUTPUT_SCHEMA_TVF',
    signature: {
      argument: takes.map((kind) => ({ kind: `ARG_TYPE_${kind}`, num_occurrences: 1 })),
      return_type: relationOf(returns),
      context_id: 1,
    },
  }));
  return { model: names.map((name, i) => ({ id: i + 1, name })), catalog: [{ name: 'ml', custom_tvf }] };
}

function connect(port: number): Client {
  const definition = loadSync('local_service.proto', {
    includeDirs: [join(library, 'protos')],
    keepCase: true,
    longs: String,
    enums: String,
    bytes: Buffer,
  });
  const proto = grpc.loadPackageDefinition(definition) as unknown as {
    zetasql: { local_service: { ZetaSqlLocalService: grpc.ServiceClientConstructor } };
  };
  return new proto.zetasql.local_service.ZetaSqlLocalService(`localhost:${port}`, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
}

const waitForReady = (client: Client) =>
  new Promise<void>((resolve, reject) => client.waitForReady(Date.now() + 30_000, (error) => (error ? reject(error) : resolve())));

function contentOf({ definition, rows = [] }: CatalogTable): object {
  return {
    table_data: {
      row: rows.map((row) => ({ cell: definition.columns.map((column) => toProtoValue(column, row[column.name] ?? null)) })),
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
