import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Column } from '../../../edge/contract/columns.ts';
import { type ModelOf, modelsOf } from '../../config/attribution.ts';
import { withoutFrontMatter } from '../../config/front-matter.ts';
import { UserError } from '../../config/user-error.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, param, raw, sql } from '../../warehouse/sql.ts';
import { WarehouseError, sqlFrame } from '../../warehouse/warehouse-error.ts';
import { ALL_TIME, parseQuery } from '../conversions/user-sql.ts';
import type { StepContext } from '../step.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { TOUCH_COLUMNS } from './path-needs.ts';
import type { TouchWeights } from './weights.ts';

/** A model of the user's own that the engine accepts. */
export interface CustomModel {
  readonly name: string;
  /** The model and its file, as messages name them. */
  readonly place: string;
  /** One SELECT over `touches`. */
  readonly query: Sql;
}
type Custom = ModelOf<'custom'>;

const OF_SESSIONS = new Map(SESSIONS.columns.map((column) => [column.name, column]));
const ofSession = (name: string): Column => OF_SESSIONS.get(name)!;
const integer = (name: string): Pick<Column, 'name' | 'type'> => ({ name, type: 'INT64' });

/** What a model of one's own may look at: the columns of `touches`. */
export const TOUCHES: readonly Pick<Column, 'name' | 'type'>[] = [
  { name: 'conversion_name', type: 'STRING' },
  { name: 'conversion_id', type: 'STRING' },
  { name: 'attribution_time', type: 'TIMESTAMP' },
  { name: 'value_micros', type: 'INT64' },
  ofSession('session_id'),
  ofSession('started_at'),
  ...['position', 'path_length', 'last_significant', 'channel_touches', 'path_channels', 'seconds_before'].map(integer),
  ...['is_direct', 'channel', 'device_type', 'page_views', 'engaged_seconds', ...TOUCH_COLUMNS].map(ofSession),
];
const TOUCH_NAMES = raw(TOUCHES.map(({ name }) => name).join(', '));

/** CTEs of models of one's own, behind `paths`: `touches`, and the answer of each. */
export function customAnswers(models: readonly CustomModel[]): Sql {
  if (models.length === 0) return raw('');
  const answers = models.map(
    ({ query, name }) => sql`
    ${answerOf(name)} as (
      select given.conversion_name, given.conversion_id, given.session_id, given.weight * ${ONE} as weight
      from (
${query}
      ) as given
    ),`,
  );
  return sql`
    touches as (
      select ${TOUCH_NAMES} from paths
    ),${{ kind: 'sql', parts: answers.flatMap(({ parts }) => parts) }}`;
}

/** Makes a FLOAT64 of any number: the engines have no name of that type in common. */
const ONE = param(1, 'FLOAT64');

/** The CTE of a model's answer. Names of models are those of identifiers. */
const answerOf = (name: string): Sql => raw(`custom_${name}`);

/** What the query of the user weighs a touch, as a share of the largest of the path. */
export function customWeights({ name }: Custom): TouchWeights {
  const answer = answerOf(name);
  const largest = sql`max(${answer}.weight) over (partition by paths.conversion_number)`;
  return {
    joins: sql`
      left join ${answer}
        on ${answer}.conversion_name = paths.conversion_name and ${answer}.conversion_id = paths.conversion_id
        and ${answer}.session_id = paths.session_id`,
    weight: sql`cast(round(${answer}.weight / nullif(${largest}, 0) * 1e9) as int64)`,
  };
}

/**
 * Reads and checks the models of one's own.
 * @throws UserError with the file, where it cannot be read, is not one SELECT over `touches`, or the engine refuses it.
 */
export async function customModels(context: Pick<StepContext, 'warehouse' | 'config' | 'configFolder'>): Promise<CustomModel[]> {
  const models = [];
  for (const model of modelsOf(context.config)) if (model.type === 'custom') models.push(await checked(context, model));
  return models;
}

async function checked(
  { warehouse, configFolder }: Pick<StepContext, 'warehouse' | 'configFolder'>,
  { name, sql: file }: Custom,
): Promise<CustomModel> {
  const absolute = path.resolve(configFolder, file);
  const place = `attribution model ${name} (${absolute})`;
  const text = await readModel(absolute, place);
  const { query, parameters } = parseQuery(withoutFrontMatter(text).trim(), warehouse.dialect.name, ALL_TIME, place);
  if (parameters.size > 0) {
    const named = [...parameters].map((one) => `@${one}`).join(' and ');
    throw new UserError(`${place}: the query uses ${named}; expected none: it is given the touches of the conversions that are asked for`);
  }
  const empty = warehouse.dialect.values('touches', Object.fromEntries(TOUCHES.map((column) => [column.name, column.type])), []);
  let columns: readonly Column[];
  try {
    const asked = sql`with touches as (select ${TOUCH_NAMES} from ${empty}) select returned.* from (\n${query}\n) as returned`;
    ({ columns } = await warehouse.dryRun(asked));
  } catch (error) {
    if (error instanceof WarehouseError) throw queryError(error, text, place);
    throw new UserError(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const problems = columnProblems(columns);
  if (problems.length > 0) throw new UserError(`${place}: the query does not return what a model needs\n  ${problems.join('\n  ')}`);
  return { name, place, query };
}

async function readModel(file: string, place: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`${place}: the file cannot be read; expected a SQL file with one SELECT over touches`, { cause: error });
  }
}

/** What the engine complains of, with the lines of the user's own file. */
function queryError(error: WarehouseError, text: string, place: string): UserError {
  const above = text.slice(0, text.indexOf(withoutFrontMatter(text).trim())).split('\n').length - 1;
  // The line before the query's first opens the subquery.
  const line = error.line === undefined ? undefined : error.line - 1 + above;
  const isInFile = line !== undefined && line >= 1 && line <= text.split('\n').length;
  const message = isInFile ? `${place}, line ${line}: ${error.words}\n${sqlFrame(text, line)}` : `${place}: ${error.words}`;
  return new UserError(message, { cause: error });
}

const RETURNED: Readonly<Record<string, readonly Column['type'][]>> = {
  conversion_name: ['STRING'],
  conversion_id: ['STRING'],
  session_id: ['STRING'],
  weight: ['FLOAT64', 'INT64'],
};

function columnProblems(columns: readonly Column[]): string[] {
  const expected = (name: string) => RETURNED[name]!.join(' or ');
  const missing = Object.keys(RETURNED).filter((name) => !columns.some((column) => column.name === name));
  return [
    ...missing.map((name) => `column "${name}" is missing; expected ${expected(name)}`),
    ...columns.flatMap(({ name, type, mode }, i) => {
      if (!Object.hasOwn(RETURNED, name)) return [`column "${name}" is unknown; expected ${Object.keys(RETURNED).join(', ')}`];
      if (columns.findIndex((column) => column.name === name) !== i) return [`column "${name}" stands there twice`];
      if (mode !== 'repeated' && RETURNED[name]!.includes(type)) return [];
      return [`column "${name}" is ${mode === 'repeated' ? `ARRAY<${type}>` : type}; expected ${expected(name)}`];
    }),
  ];
}

/** A row that a model of one's own may not return. */
export interface RefusedRow {
  readonly conversion_name: string | null;
  readonly conversion_id: string | null;
  readonly session_id: string | null;
  readonly weight: string;
  readonly why: 'unknown' | 'weight' | 'twice';
}

/** The error of such a row: names the model, the conversion and the session. */
export function refusedWeight({ place }: CustomModel, row: RefusedRow): UserError {
  const touch = `conversion ${row.conversion_name} ${JSON.stringify(row.conversion_id)}, session ${JSON.stringify(row.session_id)}`;
  const what = {
    unknown: 'the query returns it, but it is no touch; expected the conversion_name, conversion_id and session_id of rows of touches',
    weight: `the weight is ${row.weight}; expected a finite number from 0`,
    twice: 'the query returns it more than once; expected one weight for each touch',
  }[row.why];
  return new UserError(`${place}: ${touch}: ${what}`);
}

/**
 * A query of the first {@link RefusedRow} of a model of one's own; empty where it returns nothing that it may not.
 * @param paths CTEs that end with `paths`, behind `with`.
 */
export function refusedRows(dialect: Dialect, paths: Sql, models: readonly CustomModel[], { name }: CustomModel): Sql {
  const answer = answerOf(name);
  const LARGEST = raw('1.7976931348623157e308');
  return sql`
    with ${paths}${customAnswers(models)}
    counted as (
      select conversion_name, conversion_id, session_id, min(weight) as weight, count(*) as times, countif(weight >= 0 and weight <= ${LARGEST}) as good
      from ${answer}
      where weight is not null
      group by conversion_name, conversion_id, session_id
    ),
    refused as (
      select
        counted.conversion_name, counted.conversion_id, counted.session_id, ${dialect.castText(raw('counted.weight'))} as weight,
        case
          when paths.session_id is null then 'unknown'
          when counted.good < counted.times then 'weight'
          else 'twice'
        end as why
      from counted
      left join paths
        on paths.conversion_name = counted.conversion_name and paths.conversion_id = counted.conversion_id
        and paths.session_id = counted.session_id
      where paths.session_id is null or counted.good < counted.times or counted.times > 1
    )
    select conversion_name, conversion_id, session_id, weight, why
    from refused
    order by conversion_name nulls first, conversion_id nulls first, session_id nulls first
    limit 1`;
}
